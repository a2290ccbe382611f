"""Checks an earlier result: derives each of its claims again from the captures, and says which hold."""

from pop2dissect.verify.claims import Claim
from pop2dissect.verify.result import ResultError
from pop2dissect.verify.run import Verification, verify

__all__ = ["Claim", "ResultError", "Verification", "verify"]
