"""Series, waiting lists, offers, notices, agreements: scheduling in depth."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement_texts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("valid_months", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_agreement_texts_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_texts")),
        sa.UniqueConstraint("clinic_id", "programme_id", "version", name=op.f("uq_agreement_texts_clinic_id_programme_id_version")),
    )
    op.create_table(
        "closures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("room", sa.String(length=120), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=True),
        sa.Column("until_time", sa.Time(), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_closures_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    with op.batch_alter_table("closures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closures_clinic_id"), ["clinic_id"], unique=False)

    op.create_table(
        "run_sheet_templates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("layout", sa.String(length=8), nullable=False),
        sa.Column("phases", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_run_sheet_templates_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_sheet_templates")),
        sa.UniqueConstraint("clinic_id", "name", name=op.f("uq_run_sheet_templates_clinic_id_name")),
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=True),
        sa.Column("staff_member_id", sa.String(length=32), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_calendar_feeds_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_calendar_feeds_patient_id_patients")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_calendar_feeds_staff_member_id_staff_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
    )
    with op.batch_alter_table("calendar_feeds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_feeds_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_feeds_staff_member_id"), ["staff_member_id"], unique=False)

    op.create_table(
        "care_partners",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("usually_comes", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_care_partners_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_care_partners_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_partners")),
    )
    with op.batch_alter_table("care_partners", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_care_partners_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "incoming_texts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=True),
        sa.Column("patient_id", sa.String(length=32), nullable=True),
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("understood", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_incoming_texts_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_incoming_texts_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_texts")),
    )
    with op.batch_alter_table("incoming_texts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incoming_texts_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incoming_texts_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "pairs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("first_id", sa.String(length=32), nullable=False),
        sa.Column("second_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id <> second_id", name=op.f("ck_pairs_two")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_pairs_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["first_id"], ["patients.id"], name=op.f("fk_pairs_first_id_patients")),
        sa.ForeignKeyConstraint(["second_id"], ["patients.id"], name=op.f("fk_pairs_second_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairs")),
        sa.UniqueConstraint("first_id", name=op.f("uq_pairs_first_id")),
        sa.UniqueConstraint("second_id", name=op.f("uq_pairs_second_id")),
    )
    op.create_table(
        "agreement_signatures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("text_id", sa.String(length=32), nullable=False),
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=True),
        sa.Column("care_partner_id", sa.String(length=32), nullable=True),
        sa.Column("signer", sa.String(length=12), nullable=False),
        sa.Column("signer_name", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(length=12), nullable=False),
        sa.CheckConstraint("signer IN ('patient', 'care_partner', 'observer')", name=op.f("ck_agreement_signatures_signer")),
        sa.ForeignKeyConstraint(["care_partner_id"], ["care_partners.id"], name=op.f("fk_agreement_signatures_care_partner_id_care_partners")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_agreement_signatures_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_agreement_signatures_patient_id_patients")),
        sa.ForeignKeyConstraint(["text_id"], ["agreement_texts.id"], name=op.f("fk_agreement_signatures_text_id_agreement_texts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_signatures")),
    )
    with op.batch_alter_table("agreement_signatures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agreement_signatures_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agreement_signatures_programme_id"), ["programme_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agreement_signatures_text_id"), ["text_id"], unique=False)

    op.create_table(
        "recruits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("eligible_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_recruits_group_id_groups")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_recruits_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruits")),
        sa.UniqueConstraint("group_id", "patient_id", name=op.f("uq_recruits_group_id_patient_id")),
    )
    with op.batch_alter_table("recruits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recruits_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recruits_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "series_plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_series_plans_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_series_plans_group_id_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_plans")),
    )
    with op.batch_alter_table("series_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_plans_group_id"), ["group_id"], unique=False)

    op.create_table(
        "calendar_entries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("told", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_calendar_entries_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_calendar_entries_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_entries")),
        sa.UniqueConstraint("session_id", "patient_id", name=op.f("uq_calendar_entries_session_id_patient_id")),
    )
    with op.batch_alter_table("calendar_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_entries_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'sent', 'withdrawn')", name=op.f("ck_notices_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_notices_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_notices_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_notices_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("session_id", "patient_id", "kind", "occasion", name=op.f("uq_notices_session_id_patient_id_kind_occasion")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_due", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_session_id"), ["session_id"], unique=False)

    op.create_table(
        "pre_visit_forms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("matters", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_pre_visit_forms_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_pre_visit_forms_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pre_visit_forms")),
        sa.UniqueConstraint("session_id", "patient_id", name=op.f("uq_pre_visit_forms_session_id_patient_id")),
    )
    with op.batch_alter_table("pre_visit_forms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pre_visit_forms_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "scheduler_changes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("was_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("kind IN ('add', 'move', 'cancel')", name=op.f("ck_scheduler_changes_kind")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_scheduler_changes_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_scheduler_changes_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_scheduler_changes_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduler_changes")),
    )
    with op.batch_alter_table("scheduler_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scheduler_changes_clinic_id"), ["clinic_id"], unique=False)

    op.create_table(
        "waiting_list_entries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("partner_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ahead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ahead_by", sa.String(length=120), nullable=False),
        sa.Column("ahead_reason", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'offered', 'seated', 'left')", name=op.f("ck_waiting_list_entries_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_waiting_list_entries_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["partner_id"], ["patients.id"], name=op.f("fk_waiting_list_entries_partner_id_patients")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_waiting_list_entries_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_waiting_list_entries_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_list_entries")),
        sa.UniqueConstraint("session_id", "patient_id", name=op.f("uq_waiting_list_entries_session_id_patient_id")),
    )
    with op.batch_alter_table("waiting_list_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_list_entries_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_list_entries_session_id"), ["session_id"], unique=False)

    op.create_table(
        "attendance_corrections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("before", sa.String(length=10), nullable=False),
        sa.Column("after", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("corrected_by", sa.String(length=120), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_attendance_corrections_seat_id_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_corrections")),
    )
    with op.batch_alter_table("attendance_corrections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attendance_corrections_seat_id"), ["seat_id"], unique=False)

    op.create_table(
        "offers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("because", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')", name=op.f("ck_offers_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_offers_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["entry_id"], ["waiting_list_entries.id"], name=op.f("fk_offers_entry_id_waiting_list_entries")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_offers_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index("ix_offers_due", ["state", "expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_offers_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_offers_session_id"), ["session_id"], unique=False)
        batch_op.create_index(
            "uq_offers_one_open", ["entry_id"], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    with op.batch_alter_table("clinics", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subdivision", sa.String(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("too_many_percent", sa.Integer(), nullable=False, server_default="10"))
        batch_op.add_column(sa.Column("offer_hours", sa.Integer(), nullable=False, server_default="24"))

    with op.batch_alter_table("group_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meeting_link", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("decision", sa.String(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decided_because", sa.String(length=200), nullable=False, server_default=""))

    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.add_column(sa.Column("meeting_link", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("zone", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("rule", sa.String(length=8), nullable=False, server_default="monthly"))
        batch_op.add_column(sa.Column("every_weeks", sa.Integer(), nullable=False, server_default="4"))
        batch_op.add_column(sa.Column("first_day", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("chosen_days", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("holiday_policy", sa.String(length=8), nullable=False, server_default="skip"))
        batch_op.add_column(sa.Column("providers", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("over_inviting", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("go_no_go_days", sa.Integer(), nullable=False, server_default="7"))
        batch_op.add_column(sa.Column("invite_days", sa.Integer(), nullable=False, server_default="28"))

    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("session_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("channel", sa.String(length=8), nullable=False, server_default="email"))
        batch_op.add_column(sa.Column("language", sa.String(length=8), nullable=False, server_default="en"))
        batch_op.add_column(sa.Column("calendar", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("thread", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("gateway_id", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_outbox_messages_gateway_id"), ["gateway_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_messages_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_messages_thread"), ["thread"], unique=False)

    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("text_consent_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("text_stopped_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skips", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("asked_again", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("answered_by", sa.String(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("makes_up_for_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("is_fallback", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unseen_because", sa.String(length=200), nullable=False, server_default=""))

    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pre_visit", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_seats_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_seats_state"),
            "state IN ('invited', 'waitlisted', 'offered', 'confirmed', 'declined', 'arrived', 'attended', 'no_show', 'left_early', 'cancelled')",
        )
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_patients_channel"), "channel IN ('', 'email', 'text', 'call')")
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_outbox_messages_channel"), "channel IN ('email', 'text', 'call')")
    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_groups_repeats"), "rule IN ('monthly', 'weekly', 'dates') AND every_weeks BETWEEN 1 AND 52")
        batch_op.create_check_constraint(op.f("ck_groups_holiday_policy"), "holiday_policy IN ('skip', 'move', 'keep')")
        batch_op.create_check_constraint(
            op.f("ck_groups_days"), "providers BETWEEN 0 AND 20 AND go_no_go_days BETWEEN 0 AND 60 AND invite_days BETWEEN 1 AND 180"
        )


def downgrade() -> None:
    op.execute("UPDATE seats SET state = 'invited', seat_no = NULL WHERE state IN ('offered', 'waitlisted')")
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_seats_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_seats_state"), "state IN ('invited', 'confirmed', 'declined', 'arrived', 'attended', 'no_show', 'left_early', 'cancelled')"
        )
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_patients_channel"), type_="check")
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outbox_messages_channel"), type_="check")
    with op.batch_alter_table("groups", schema=None) as batch_op:
        for name in ("ck_groups_repeats", "ck_groups_holiday_policy", "ck_groups_days"):
            batch_op.drop_constraint(op.f(name), type_="check")
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.drop_column("unseen_because")

    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.drop_column("pre_visit")

    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_column("left_at")
        batch_op.drop_column("is_fallback")
        batch_op.drop_column("makes_up_for_id")
        batch_op.drop_column("answered_by")
        batch_op.drop_column("answered_at")
        batch_op.drop_column("asked_again")
        batch_op.drop_column("skips")

    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_column("text_stopped_at")
        batch_op.drop_column("text_consent_at")
        batch_op.drop_column("channel")

    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_messages_thread"))
        batch_op.drop_index(batch_op.f("ix_outbox_messages_session_id"))
        batch_op.drop_index(batch_op.f("ix_outbox_messages_gateway_id"))
        batch_op.drop_column("delivered_at")
        batch_op.drop_column("gateway_id")
        batch_op.drop_column("number")
        batch_op.drop_column("thread")
        batch_op.drop_column("calendar")
        batch_op.drop_column("language")
        batch_op.drop_column("channel")
        batch_op.drop_column("session_id")

    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.drop_column("invite_days")
        batch_op.drop_column("go_no_go_days")
        batch_op.drop_column("over_inviting")
        batch_op.drop_column("providers")
        batch_op.drop_column("holiday_policy")
        batch_op.drop_column("chosen_days")
        batch_op.drop_column("first_day")
        batch_op.drop_column("every_weeks")
        batch_op.drop_column("rule")
        batch_op.drop_column("zone")
        batch_op.drop_column("meeting_link")

    with op.batch_alter_table("group_sessions", schema=None) as batch_op:
        batch_op.drop_column("decided_because")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("decision")
        batch_op.drop_column("meeting_link")

    with op.batch_alter_table("clinics", schema=None) as batch_op:
        batch_op.drop_column("offer_hours")
        batch_op.drop_column("too_many_percent")
        batch_op.drop_column("subdivision")

    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("uq_offers_one_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f("ix_offers_session_id"))
        batch_op.drop_index(batch_op.f("ix_offers_entry_id"))
        batch_op.drop_index("ix_offers_due")

    op.drop_table("offers")
    with op.batch_alter_table("attendance_corrections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_corrections_seat_id"))

    op.drop_table("attendance_corrections")
    with op.batch_alter_table("waiting_list_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiting_list_entries_session_id"))
        batch_op.drop_index(batch_op.f("ix_waiting_list_entries_patient_id"))

    op.drop_table("waiting_list_entries")
    with op.batch_alter_table("scheduler_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scheduler_changes_clinic_id"))

    op.drop_table("scheduler_changes")
    with op.batch_alter_table("pre_visit_forms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pre_visit_forms_patient_id"))

    op.drop_table("pre_visit_forms")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_session_id"))
        batch_op.drop_index(batch_op.f("ix_notices_patient_id"))
        batch_op.drop_index("ix_notices_due")

    op.drop_table("notices")
    with op.batch_alter_table("calendar_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_entries_patient_id"))

    op.drop_table("calendar_entries")
    with op.batch_alter_table("series_plans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_series_plans_group_id"))

    op.drop_table("series_plans")
    with op.batch_alter_table("recruits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recruits_patient_id"))
        batch_op.drop_index(batch_op.f("ix_recruits_group_id"))

    op.drop_table("recruits")
    with op.batch_alter_table("agreement_signatures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agreement_signatures_text_id"))
        batch_op.drop_index(batch_op.f("ix_agreement_signatures_programme_id"))
        batch_op.drop_index(batch_op.f("ix_agreement_signatures_patient_id"))

    op.drop_table("agreement_signatures")
    op.drop_table("pairs")
    with op.batch_alter_table("incoming_texts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incoming_texts_patient_id"))
        batch_op.drop_index(batch_op.f("ix_incoming_texts_clinic_id"))

    op.drop_table("incoming_texts")
    with op.batch_alter_table("care_partners", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_care_partners_patient_id"))

    op.drop_table("care_partners")
    with op.batch_alter_table("calendar_feeds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_feeds_staff_member_id"))
        batch_op.drop_index(batch_op.f("ix_calendar_feeds_patient_id"))

    op.drop_table("calendar_feeds")
    op.drop_table("run_sheet_templates")
    with op.batch_alter_table("closures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closures_clinic_id"))

    op.drop_table("closures")
    op.drop_table("agreement_texts")
