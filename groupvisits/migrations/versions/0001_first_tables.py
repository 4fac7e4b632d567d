"""The first tables, and the triggers that keep the record and signed text from being rewritten."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


SQLITE_GUARDS = (
    "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries WHEN EXISTS (SELECT 1 FROM audit_entries WHERE chain_id = NEW.chain_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER note_signatures_no_update BEFORE UPDATE ON note_signatures BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END",
    "CREATE TRIGGER note_signatures_no_delete BEFORE DELETE ON note_signatures BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END",
    "CREATE TRIGGER note_addenda_no_update BEFORE UPDATE ON note_addenda BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END",
    "CREATE TRIGGER note_addenda_no_delete BEFORE DELETE ON note_addenda BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END",
    "CREATE TRIGGER note_signatures_no_replace BEFORE INSERT ON note_signatures WHEN EXISTS (SELECT 1 FROM note_signatures WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END",
    "CREATE TRIGGER note_addenda_no_replace BEFORE INSERT ON note_addenda WHEN EXISTS (SELECT 1 FROM note_addenda WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END",
)
POSTGRESQL_GUARDS = (
    "CREATE FUNCTION audit_entries_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit entries are append-only'; END $$",
    "CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_are_append_only()",
    "CREATE FUNCTION note_signatures_never_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'signed text never changes'; END $$",
    "CREATE TRIGGER note_signatures_no_change BEFORE UPDATE OR DELETE ON note_signatures FOR EACH ROW EXECUTE FUNCTION note_signatures_never_change()",
    "CREATE FUNCTION note_addenda_never_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'signed text never changes'; END $$",
    "CREATE TRIGGER note_addenda_no_change BEFORE UPDATE OR DELETE ON note_addenda FOR EACH ROW EXECUTE FUNCTION note_addenda_never_change()",
)
POSTGRESQL_FUNCTIONS = (
    "audit_entries_are_append_only",
    "note_signatures_never_change",
    "note_addenda_never_change",
)


def upgrade() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chains")),
    )
    op.create_table(
        "clinics",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("emergency_number", sa.String(length=16), nullable=False),
        sa.Column("paper", sa.String(length=6), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("two_factor_required", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("paper IN ('letter', 'a4')", name=op.f("ck_clinics_paper")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinics")),
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
    )
    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_commands_received_at"), ["received_at"], unique=False)

    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("setup_code", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'withdrawn')", name=op.f("ck_outbox_messages_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
    )
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_messages_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index("ix_outbox_messages_due", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_messages_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_attempts_key"), ["key"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("chain_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["chain_id"], ["audit_chains.id"], name=op.f("fk_audit_entries_chain_id_audit_chains")),
        sa.PrimaryKeyConstraint("chain_id", "number", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_clinic_at", ["clinic_id", "at"], unique=False)
        batch_op.create_index("ix_audit_entries_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "patient_links",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_patient_links_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_links")),
    )
    with op.batch_alter_table("patient_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_links_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_patient_links_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "patients",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("record_number", sa.String(length=64), nullable=True),
        sa.Column("given_name", sa.String(length=80), nullable=False),
        sa.Column("family_name", sa.String(length=80), nullable=False),
        sa.Column("display_name", sa.String(length=40), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("needs", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_patients_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint("clinic_id", "record_number", name=op.f("uq_patients_clinic_id_record_number")),
    )
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.create_index("ix_patients_clinic_id_family_name", ["clinic_id", "family_name"], unique=False)

    op.create_table(
        "programmes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("design_partners", sa.Text(), nullable=False),
        sa.Column("run_sheet", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_programmes_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
    )
    with op.batch_alter_table("programmes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programmes_clinic_id"), ["clinic_id"], unique=False)

    op.create_table(
        "room_displays",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_room_displays_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_displays")),
        sa.UniqueConstraint("token", name=op.f("uq_room_displays_token")),
    )
    with op.batch_alter_table("room_displays", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_displays_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_room_displays_session_id"), ["session_id"], unique=False)

    op.create_table(
        "roster_imports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("uploaded_by", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reading", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("imported_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('uploaded', 'mapped', 'confirmed', 'dropped')", name=op.f("ck_roster_imports_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_roster_imports_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_imports")),
    )
    with op.batch_alter_table("roster_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_imports_clinic_id"), ["clinic_id"], unique=False)

    op.create_table(
        "staff_members",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("tf_last_step", sa.Integer(), nullable=False),
        sa.Column("mf_recovery_codes", sa.JSON(), nullable=True),
        sa.Column("create_datetime", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_staff_members_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_members")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_members_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_staff_members_fs_uniquifier")),
    )
    with op.batch_alter_table("staff_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_members_clinic_id"), ["clinic_id"], unique=False)

    op.create_table(
        "browser_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("staff_member_id", sa.String(length=32), nullable=True),
        sa.Column("patient_id", sa.String(length=32), nullable=True),
        sa.Column("display_id", sa.String(length=32), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["display_id"], ["room_displays.id"], name=op.f("fk_browser_sessions_display_id_room_displays"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_browser_sessions_staff_member_id_staff_members"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_sessions")),
    )
    with op.batch_alter_table("browser_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_browser_sessions_display_id"), ["display_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_browser_sessions_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_browser_sessions_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_browser_sessions_staff_member_id"), ["staff_member_id"], unique=False)

    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("room", sa.String(length=120), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("maximum", sa.Integer(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("layout", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("layout IN ('before', 'parallel', 'after')", name=op.f("ck_groups_layout")),
        sa.CheckConstraint("minimum >= 1 AND minimum <= target AND target <= maximum AND maximum <= 60", name=op.f("ck_groups_census")),
        sa.CheckConstraint("minutes BETWEEN 15 AND 480 AND slot_minutes BETWEEN 2 AND 60", name=op.f("ck_groups_minutes")),
        sa.CheckConstraint("week BETWEEN 1 AND 5 AND weekday BETWEEN 0 AND 6", name=op.f("ck_groups_rule")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_groups_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_groups_programme_id_programmes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
    )
    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_groups_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_groups_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "staff_invitations",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("staff_member_id", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_staff_invitations_staff_member_id_staff_members"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitations")),
    )
    with op.batch_alter_table("staff_invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_invitations_staff_member_id"), ["staff_member_id"], unique=False)

    op.create_table(
        "staff_roles",
        sa.Column("staff_member_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "name IN ('admin', 'coordinator', 'facilitator', 'resident', 'attending', 'nurse', 'interpreter', 'reviewer')", name=op.f("ck_staff_roles_name")
        ),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_staff_roles_staff_member_id_staff_members"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_member_id", "name", name=op.f("pk_staff_roles")),
    )
    op.create_table(
        "group_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall_time", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=120), nullable=False),
        sa.Column("maximum", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("join_code", sa.String(length=6), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(length=200), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current_topic_id", sa.String(length=32), nullable=True),
        sa.Column("topic_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("topic_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("curtain", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'open', 'closed', 'cancelled')", name=op.f("ck_group_sessions_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_group_sessions_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_sessions_group_id_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_sessions")),
        sa.UniqueConstraint("group_id", "starts_at", name=op.f("uq_group_sessions_group_id_starts_at")),
        sa.UniqueConstraint("join_code", name=op.f("uq_group_sessions_join_code")),
    )
    with op.batch_alter_table("group_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_group_sessions_clinic_id_starts_at", ["clinic_id", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_group_sessions_group_id"), ["group_id"], unique=False)

    op.create_table(
        "group_team_members",
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("staff_member_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_team_members_group_id_groups"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_group_team_members_staff_member_id_staff_members")),
        sa.PrimaryKeyConstraint("group_id", "staff_member_id", "role", name=op.f("pk_group_team_members")),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_memberships_group_id_groups")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_memberships_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("group_id", "patient_id", name=op.f("uq_memberships_group_id_patient_id")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_memberships_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "feedback_forms",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_feedback_forms_state")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_feedback_forms_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_feedback_forms_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_feedback_forms")),
    )
    with op.batch_alter_table("feedback_forms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_forms_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_forms_closes_at"), ["closes_at"], unique=False)

    op.create_table(
        "seats",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("seat_no", sa.Integer(), nullable=True),
        sa.Column("over_maximum_reason", sa.String(length=200), nullable=False),
        sa.Column("companions", sa.Integer(), nullable=False),
        sa.Column("slip_number", sa.Integer(), nullable=True),
        sa.Column("slip_code", sa.String(length=64), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('invited', 'confirmed', 'declined', 'arrived', 'attended', 'no_show', 'left_early', 'cancelled')", name=op.f("ck_seats_state")
        ),
        sa.CheckConstraint("seat_no IS NULL OR seat_no >= 1", name=op.f("ck_seats_seat_no")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_seats_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_seats_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
        sa.UniqueConstraint("session_id", "patient_id", name=op.f("uq_seats_session_id_patient_id")),
        sa.UniqueConstraint("session_id", "seat_no", name=op.f("uq_seats_session_id_seat_no")),
        sa.UniqueConstraint("session_id", "slip_number", name=op.f("uq_seats_session_id_slip_number")),
    )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seats_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seats_session_id"), ["session_id"], unique=False)

    op.create_table(
        "session_team_members",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("staff_member_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_session_team_members_session_id_group_sessions"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_session_team_members_staff_member_id_staff_members")),
        sa.PrimaryKeyConstraint("session_id", "staff_member_id", "role", name=op.f("pk_session_team_members")),
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("route", sa.String(length=10), nullable=False),
        sa.Column("shows_name", sa.Boolean(), nullable=False),
        sa.Column("entered_by", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("spoken_seconds", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("carried_from_id", sa.String(length=32), nullable=True),
        sa.Column("carried_to_id", sa.String(length=32), nullable=True),
        sa.Column("after_close", sa.Boolean(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("route IN ('group', 'one_on_one')", name=op.f("ck_topics_route")),
        sa.CheckConstraint(
            "state IN ('new', 'planned', 'current', 'talked_about', 'answered_one_on_one', 'parked', 'taken_back')", name=op.f("ck_topics_state")
        ),
        sa.ForeignKeyConstraint(["carried_from_id"], ["topics.id"], name=op.f("fk_topics_carried_from_id_topics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_topics_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_topics_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
    )
    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topics_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index("ix_topics_session_id_route_state", ["session_id", "route", "state"], unique=False)

    op.create_table(
        "feedback_handouts",
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_feedback_handouts_seat_id_seats")),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_feedback_handouts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback_responses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.CheckConstraint("batch >= 0", name=op.f("ck_feedback_responses_batch")),
        sa.ForeignKeyConstraint(["session_id"], ["feedback_forms.session_id"], name=op.f("fk_feedback_responses_session_id_feedback_forms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_responses")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("feedback_responses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_responses_session_id"), ["session_id"], unique=False)

    op.create_table(
        "feedback_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["feedback_forms.session_id"], name=op.f("fk_feedback_tokens_session_id_feedback_forms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_tokens")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("feedback_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_tokens_session_id"), ["session_id"], unique=False)

    op.create_table(
        "slots",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("provider_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'called', 'coming', 'started', 'finished', 'missed')", name=op.f("ck_slots_state")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_slots_patient_id_patients")),
        sa.ForeignKeyConstraint(["provider_id"], ["staff_members.id"], name=op.f("fk_slots_provider_id_staff_members")),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_slots_seat_id_seats")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_slots_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("session_id", "provider_id", "position", name=op.f("uq_slots_session_id_provider_id_position")),
        sa.UniqueConstraint("session_id", "seat_id", name=op.f("uq_slots_session_id_seat_id")),
    )
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_slots_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slots_provider_id"), ["provider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slots_seat_id"), ["seat_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slots_session_id"), ["session_id"], unique=False)

    op.create_table(
        "supports",
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_supports_patient_id_patients")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_supports_topic_id_topics")),
        sa.PrimaryKeyConstraint("topic_id", "patient_id", name=op.f("pk_supports")),
    )
    op.create_table(
        "waiting_guests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("browser_session_id", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_waiting_guests_seat_id_seats")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_waiting_guests_session_id_group_sessions"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_guests")),
        sa.UniqueConstraint("session_id", "browser_session_id", name=op.f("uq_waiting_guests_session_id_browser_session_id")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_waiting_guests_session_id_number")),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("slot_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("returned_because", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'signed', 'cosigned', 'returned')", name=op.f("ck_notes_state")),
        sa.ForeignKeyConstraint(["author_id"], ["staff_members.id"], name=op.f("fk_notes_author_id_staff_members")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_notes_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_notes_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_notes_session_id_group_sessions")),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("fk_notes_slot_id_slots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("slot_id", name=op.f("uq_notes_slot_id")),
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notes_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notes_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notes_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notes_session_id"), ["session_id"], unique=False)

    op.create_table(
        "action_plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("when_how_often", sa.String(length=200), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("confidence BETWEEN 0 AND 10", name=op.f("ck_action_plans_confidence")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_action_plans_note_id_notes")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_action_plans_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_plans")),
        sa.UniqueConstraint("note_id", name=op.f("uq_action_plans_note_id")),
    )
    with op.batch_alter_table("action_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_plans_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "note_addenda",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=32), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('addendum', 'late_entry', 'entered_in_error')", name=op.f("ck_note_addenda_kind")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_note_addenda_note_id_notes")),
        sa.ForeignKeyConstraint(["written_by"], ["staff_members.id"], name=op.f("fk_note_addenda_written_by_staff_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_addenda")),
    )
    with op.batch_alter_table("note_addenda", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_addenda_note_id"), ["note_id"], unique=False)

    op.create_table(
        "note_signatures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_by", sa.String(length=32), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("individual_seconds", sa.Integer(), nullable=False),
        sa.Column("group_seconds", sa.Integer(), nullable=False),
        sa.Column("presence", sa.String(length=12), nullable=False),
        sa.Column("attestation", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('signature', 'cosignature')", name=op.f("ck_note_signatures_kind")),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_note_signatures_note_id_notes")),
        sa.ForeignKeyConstraint(["signed_by"], ["staff_members.id"], name=op.f("fk_note_signatures_signed_by_staff_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_signatures")),
    )
    with op.batch_alter_table("note_signatures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_signatures_note_id"), ["note_id"], unique=False)

    op.create_table(
        "note_versions",
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["notes.id"], name=op.f("fk_note_versions_note_id_notes")),
        sa.PrimaryKeyConstraint("note_id", "revision", name=op.f("pk_note_versions")),
    )
    for guard in SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_GUARDS:
        op.execute(guard)


def downgrade() -> None:
    op.drop_table("note_versions")
    with op.batch_alter_table("note_signatures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_signatures_note_id"))

    op.drop_table("note_signatures")
    with op.batch_alter_table("note_addenda", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_addenda_note_id"))

    op.drop_table("note_addenda")
    with op.batch_alter_table("action_plans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_plans_patient_id"))

    op.drop_table("action_plans")
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notes_session_id"))
        batch_op.drop_index(batch_op.f("ix_notes_patient_id"))
        batch_op.drop_index(batch_op.f("ix_notes_clinic_id"))
        batch_op.drop_index(batch_op.f("ix_notes_author_id"))

    op.drop_table("notes")
    op.drop_table("waiting_guests")
    op.drop_table("supports")
    with op.batch_alter_table("slots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_slots_session_id"))
        batch_op.drop_index(batch_op.f("ix_slots_seat_id"))
        batch_op.drop_index(batch_op.f("ix_slots_provider_id"))
        batch_op.drop_index(batch_op.f("ix_slots_patient_id"))

    op.drop_table("slots")
    with op.batch_alter_table("feedback_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_tokens_session_id"))

    op.drop_table("feedback_tokens")
    with op.batch_alter_table("feedback_responses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_responses_session_id"))

    op.drop_table("feedback_responses")
    op.drop_table("feedback_handouts")
    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.drop_index("ix_topics_session_id_route_state")
        batch_op.drop_index(batch_op.f("ix_topics_patient_id"))

    op.drop_table("topics")
    op.drop_table("session_team_members")
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seats_session_id"))
        batch_op.drop_index(batch_op.f("ix_seats_patient_id"))

    op.drop_table("seats")
    with op.batch_alter_table("feedback_forms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_forms_closes_at"))
        batch_op.drop_index(batch_op.f("ix_feedback_forms_clinic_id"))

    op.drop_table("feedback_forms")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_patient_id"))
        batch_op.drop_index(batch_op.f("ix_memberships_group_id"))

    op.drop_table("memberships")
    op.drop_table("group_team_members")
    with op.batch_alter_table("group_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_sessions_group_id"))
        batch_op.drop_index("ix_group_sessions_clinic_id_starts_at")

    op.drop_table("group_sessions")
    op.drop_table("staff_roles")
    with op.batch_alter_table("staff_invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_invitations_staff_member_id"))

    op.drop_table("staff_invitations")
    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_groups_programme_id"))
        batch_op.drop_index(batch_op.f("ix_groups_clinic_id"))

    op.drop_table("groups")
    with op.batch_alter_table("browser_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_browser_sessions_staff_member_id"))
        batch_op.drop_index(batch_op.f("ix_browser_sessions_patient_id"))
        batch_op.drop_index(batch_op.f("ix_browser_sessions_ends_at"))
        batch_op.drop_index(batch_op.f("ix_browser_sessions_display_id"))

    op.drop_table("browser_sessions")
    with op.batch_alter_table("staff_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_members_clinic_id"))

    op.drop_table("staff_members")
    with op.batch_alter_table("roster_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_imports_clinic_id"))

    op.drop_table("roster_imports")
    with op.batch_alter_table("room_displays", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_displays_session_id"))
        batch_op.drop_index(batch_op.f("ix_room_displays_clinic_id"))

    op.drop_table("room_displays")
    with op.batch_alter_table("programmes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programmes_clinic_id"))

    op.drop_table("programmes")
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_clinic_id_family_name")

    op.drop_table("patients")
    with op.batch_alter_table("patient_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_links_patient_id"))
        batch_op.drop_index(batch_op.f("ix_patient_links_clinic_id"))

    op.drop_table("patient_links")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_subject")
        batch_op.drop_index("ix_audit_entries_clinic_at")

    op.drop_table("audit_entries")
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_attempts_key"))

    op.drop_table("sign_in_attempts")
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_messages_patient_id"))
        batch_op.drop_index("ix_outbox_messages_due")
        batch_op.drop_index(batch_op.f("ix_outbox_messages_clinic_id"))

    op.drop_table("outbox_messages")
    op.drop_table("installation")
    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commands_received_at"))

    op.drop_table("commands")
    op.drop_table("clinics")
    op.drop_table("audit_chains")
    if op.get_bind().dialect.name == "postgresql":
        for function in POSTGRESQL_FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")
