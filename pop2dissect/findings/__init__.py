"""Findings: what an examiner should look at first, with the frames that prove it.

>>> from pop2dissect.findings.engine import FindingsEngine
>>> from pop2dissect.findings.thresholds import Thresholds
>>> from pop2dissect.pipeline import Dissection
>>> engine = FindingsEngine(Thresholds(scan_servers=3))
>>> with Dissection("samples/findings/recon.scan.pcap") as dissection:
...     for session in dissection:
...         session.findings = engine.examine(session)
...     sorted({finding.id for finding in engine.conclude(dissection.probes, dissection.half_open)})
['recon.scan']
"""
