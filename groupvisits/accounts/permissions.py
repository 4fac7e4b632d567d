"""Who may do what with accounts, clinics, links and displays."""

from groupvisits.core.permissions import Policy, permit, same_clinic

POLICY = Policy(
    {
        "accounts:manage_staff": permit("admin", when=same_clinic),
        "accounts:change_settings": permit("admin", when=same_clinic),
        # "newcomer": signed in, but still without the second factor that their clinic requires
        "accounts:use_own_account": permit("admin", "coordinator", "facilitator", "resident", "attending", "nurse", "interpreter", "reviewer", "newcomer"),
        "accounts:make_patient_link": permit("coordinator", "nurse", "facilitator", "system", when=same_clinic),
        "accounts:make_room_display": permit("facilitator", "coordinator", when=same_clinic),
    }
)
