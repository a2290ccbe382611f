"""Incidents: what happened, each in a sentence, with the findings and sessions that belong together.

>>> import pop2dissect
>>> capture = pop2dissect.read("samples/findings/data.mass_delete.pcap")
>>> for incident in capture.incidents:
...     print(incident.severity, incident.sentence)
critical account compromised: fred, by 192.0.2.10, frame 35, after 3 refused logins; 5 messages read; 5 messages deleted
high mail deleted: 5 messages of fred, by 192.0.2.10, frame 53
high mail read: 5 messages of fred, by 192.0.2.10, frame 52
"""

from pop2dissect.incidents.chronicle import Chronicle
from pop2dissect.incidents.model import FindingLink, Incident, about_incidents, findings_of, in_order

__all__ = ["Chronicle", "FindingLink", "Incident", "about_incidents", "findings_of", "in_order"]
