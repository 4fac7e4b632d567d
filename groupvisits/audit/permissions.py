"""Administrators read the record of their own clinic; it holds ids and states, no patient data."""

from groupvisits.core.permissions import Policy, permit

POLICY = Policy({"audit:read": permit("admin")})
