"""Accounts hands out the tokens of links; what patients need of it is a token that is not stored anywhere else."""

import pytest


@pytest.fixture
def bell_csv() -> bytes:
    return b"name,date of birth,MRN,phone\nNew Person,1970-01-02,N1,617-555-0150\nAna Silva,1980-03-04,N2,\nMarcus Bell,1961-03-02,MR0002,617-555-0199\n"
