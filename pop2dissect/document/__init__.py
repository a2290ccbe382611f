"""The JSON document and what all ways out share: masking, totals, names of exhibits, the seal."""
