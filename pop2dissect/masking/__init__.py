"""What no output shows unless asked to: passwords, by the places where they stand and by their values."""

from pop2dissect.masking.mask import Mask, joined, masked_password, within
from pop2dissect.masking.redaction import Redaction, shown
from pop2dissect.masking.values import SecretValues

__all__ = ["Mask", "Redaction", "SecretValues", "joined", "masked_password", "shown", "within"]
