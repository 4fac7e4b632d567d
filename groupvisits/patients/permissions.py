"""Who may do what with the registry. Coordinators keep it, nurses look somebody up; administrators see no patient data."""

from groupvisits.core.permissions import Policy, permit, same_clinic

POLICY = Policy(
    {
        "patients:list": permit("coordinator", "nurse"),
        "patients:read": permit("coordinator", "nurse", when=same_clinic),
        "patients:add": permit("coordinator"),
        "patients:edit": permit("coordinator", when=same_clinic),
        "patients:keep_company": permit("coordinator", "nurse", when=same_clinic),
        "patients:deactivate": permit("coordinator", when=same_clinic),
        "patients:send_link": permit("coordinator", when=same_clinic),
        "patients:write_agreement": permit("coordinator", "admin", when=same_clinic),
        "patients:enter_signatures": permit("coordinator", when=same_clinic),
        "patients:sign": permit("patient", when=same_clinic),
        "patients:choose_own_channel": permit("patient"),
        "patients:choose_own_name": permit("patient"),
        "patients:import": permit("coordinator", when=same_clinic),
    }
)
