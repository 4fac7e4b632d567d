"""The live room: joined and split topics, alarms, translations, questions to the room, a visit's own run sheet."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATES = ("new", "planned", "current", "talked_about", "answered_one_on_one", "parked", "taken_back")
NEW_STATES = (*STATES, "merged", "split", "declined")


def upgrade() -> None:
    op.create_table(
        "talk_accounts",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_talk_accounts_session_id_group_sessions")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_talk_accounts")),
    )
    op.create_table(
        "alarms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("topic_id", sa.String(length=32), nullable=True),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("phrase", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=32), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_because", sa.String(length=200), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["staff_members.id"], name=op.f("fk_alarms_ended_by_staff_members")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_alarms_patient_id_patients")),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_alarms_session_id_group_sessions")),
        sa.ForeignKeyConstraint(["taken_by"], ["staff_members.id"], name=op.f("fk_alarms_taken_by_staff_members")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_alarms_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarms_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alarms_session_id"), ["session_id"], unique=False)

    op.create_table(
        "polls",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["group_sessions.id"], name=op.f("fk_polls_session_id_group_sessions")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_polls_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polls")),
    )
    with op.batch_alter_table("polls", schema=None) as batch_op:
        batch_op.create_index(
            "uq_polls_one_open", ["session_id"], unique=True, sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )

    op.create_table(
        "topic_translations",
        sa.Column("topic_id", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_because", sa.String(length=8), nullable=False),
        sa.CheckConstraint("hidden_because IN ('', 'alarm', 'asked', 'personal')", name=op.f("ck_topic_translations_hidden_because")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_topic_translations_patient_id_patients")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_translations_topic_id_topics")),
        sa.PrimaryKeyConstraint("topic_id", "language", name=op.f("pk_topic_translations")),
    )
    with op.batch_alter_table("topic_translations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_translations_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "poll_answers",
        sa.Column("poll_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.CheckConstraint("answer IN ('keep_going', 'move_on', 'park')", name=op.f("ck_poll_answers_answer")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_poll_answers_patient_id_patients")),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_poll_answers_poll_id_polls")),
        sa.PrimaryKeyConstraint("poll_id", "patient_id", name=op.f("pk_poll_answers")),
    )
    with op.batch_alter_table("clinics", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alarm_phrases", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("wall_calls", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("group_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run_sheet", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("phase_started_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("gathering_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("led_by_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("handed_to_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("supports_shown", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_person", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("programmes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("support_budget", sa.Integer(), nullable=True))
        batch_op.create_check_constraint("support_budget", "support_budget IS NULL OR support_budget BETWEEN 1 AND 20")
        batch_op.add_column(sa.Column("hides_supports", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.add_column(sa.Column("still_matters", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("came_with_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("split_from_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("state_before", sa.String(length=20), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reason", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("hidden_because", sa.String(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("suggested_words", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("rev", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("changed_by", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_topics_state"), type_="check")
        batch_op.create_check_constraint("state", f"state IN {NEW_STATES}")
        batch_op.create_check_constraint("hidden_because", "hidden_because IN ('', 'alarm', 'asked', 'personal')")
        batch_op.create_index(batch_op.f("ix_topics_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_topics_split_from_id_topics"), "topics", ["split_from_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_topics_merged_into_id_topics"), "topics", ["merged_into_id"], ["id"])


def downgrade() -> None:
    # What was joined to another topic, split or declined waits for the next visit: the older tables know no other fate for it.
    op.execute("UPDATE topics SET state = 'parked' WHERE state IN ('merged', 'split', 'declined')")
    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_topics_merged_into_id_topics"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_topics_split_from_id_topics"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_topics_merged_into_id"))
        batch_op.drop_constraint(batch_op.f("ck_topics_hidden_because"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_topics_state"), type_="check")
        batch_op.create_check_constraint("state", f"state IN {STATES}")
        batch_op.drop_column("changed_at")
        batch_op.drop_column("changed_by")
        batch_op.drop_column("rev")
        batch_op.drop_column("suggested_words")
        batch_op.drop_column("hidden_because")
        batch_op.drop_column("reason")
        batch_op.drop_column("state_before")
        batch_op.drop_column("split_from_id")
        batch_op.drop_column("came_with_id")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("still_matters")

    with op.batch_alter_table("programmes", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_programmes_support_budget"), type_="check")
        batch_op.drop_column("hides_supports")
        batch_op.drop_column("support_budget")

    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_column("in_person")

    with op.batch_alter_table("group_sessions", schema=None) as batch_op:
        batch_op.drop_column("supports_shown")
        batch_op.drop_column("handed_to_id")
        batch_op.drop_column("led_by_id")
        batch_op.drop_column("gathering_until")
        batch_op.drop_column("phase_started_at")
        batch_op.drop_column("run_sheet")

    with op.batch_alter_table("clinics", schema=None) as batch_op:
        batch_op.drop_column("wall_calls")
        batch_op.drop_column("alarm_phrases")

    op.drop_table("poll_answers")
    with op.batch_alter_table("topic_translations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_translations_patient_id"))

    op.drop_table("topic_translations")
    with op.batch_alter_table("polls", schema=None) as batch_op:
        batch_op.drop_index("uq_polls_one_open", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL"))

    op.drop_table("polls")
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alarms_session_id"))
        batch_op.drop_index(batch_op.f("ix_alarms_patient_id"))

    op.drop_table("alarms")
    op.drop_table("talk_accounts")
