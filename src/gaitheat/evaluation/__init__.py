"""From clips and a protocol to a report: closed set, verification, open set."""
