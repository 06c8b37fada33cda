"""The Security Hub that `moto` lacks: findings with their rules, updates of both generations, and the events they cause.

Findings are told apart by product and id. A provider that sends a finding again does not touch what customers set. Every
import and update causes an event, as the real one does: whoever writes back hears an echo. Events have an account, and
patterns look into lists.

Settings: `throttle` counts updates that are refused as too many; `faults` maps ids to the code with which an update of them
fails; `deny` lists actions that are refused.
"""
import datetime
import json

from moto.events import models as events
from moto.events.utils import EventTemplateParser
from moto.securityhub import urls
from moto.securityhub.exceptions import SecurityHubClientError as Refused
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

FIRST = "Security Hub Findings - Imported"
SECOND = "Findings Imported V2"
CUSTOMERS = ("Note", "UserDefinedFields", "VerificationState", "Workflow")
LABELS = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}
settings = {}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def store(backend):
    if not hasattr(backend, "kept"):
        backend.kept, backend.kept_v2 = {}, {}
    return backend.kept


def tell(backend, kind, resource, finding):
    bus = events.events_backends[backend.account_id][backend.region_name]
    bus.put_events([{"Source": "aws.securityhub", "DetailType": kind, "Resources": [resource],
                     "Detail": json.dumps({"findings": [finding]})}])


def enabled(backend, action):
    if action in settings.get("deny", []):
        raise Refused("AccessDeniedException", f"not authorized to perform: securityhub:{action}")
    if not backend.enabled:
        raise Refused("InvalidAccessException", "Account is not subscribed to AWS Security Hub")


def throttled(code):
    if settings.get("throttle", 0) > 0:
        settings["throttle"] -= 1
        raise Refused(code, "Rate exceeded")


def wrong(backend, finding):
    needed = ("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title",
              "Description", "Resources")
    missing = [name for name in needed if not finding.get(name)]
    if missing:
        return f"missing {', '.join(missing)}"
    if len(json.dumps(finding)) > 240 << 10:
        return "the finding is larger than 240 KB"
    if finding["AwsAccountId"] != backend.account_id:
        return "the finding belongs to another account"
    return None


def import_findings(backend, findings):
    enabled(backend, "BatchImportFindings")
    if not 1 <= len(findings) <= 100:
        raise Refused("InvalidInputException", "between 1 and 100 findings")
    kept, failed = store(backend), []
    for finding in findings:
        if "metadata" in finding:
            backend.kept_v2[finding["metadata"]["uid"]] = finding
            tell(backend, SECOND, finding["metadata"]["uid"], finding)
            continue
        if why := wrong(backend, finding):
            failed.append({"Id": finding.get("Id", ""), "ErrorCode": "InvalidInput", "ErrorMessage": why})
            continue
        key = (finding["ProductArn"], finding["Id"])
        old = kept.get(key)
        new = {"RecordState": "ACTIVE", "Workflow": {"Status": "NEW"}, **finding}
        if old:
            new.update({name: old[name] for name in CUSTOMERS if name in old})
            back = old.get("RecordState") == "ARCHIVED" and new["RecordState"] == "ACTIVE"
            if back and new["Workflow"]["Status"] in ("NOTIFIED", "RESOLVED"):
                new["Workflow"] = {"Status": "NEW"}
        new["ProcessedAt"] = now()
        kept[key] = new
        tell(backend, FIRST, finding["Id"], new)
    return len(failed), len(findings) - len(failed), failed


FILTERS = {
    "Id": lambda f: f["Id"], "ProductArn": lambda f: f["ProductArn"], "AwsAccountId": lambda f: f["AwsAccountId"],
    "RecordState": lambda f: f["RecordState"], "WorkflowStatus": lambda f: f["Workflow"]["Status"],
    "SeverityLabel": lambda f: f.get("Severity", {}).get("Label", ""),
}


def passes(finding, filters):
    for name, wanted in (filters or {}).items():
        if name == "UpdatedAt":
            if not any(w["Start"] <= finding["UpdatedAt"] <= w["End"] for w in wanted):
                return False
        elif name not in FILTERS:
            raise Refused("InvalidInputException", f"the filter {name} is not known here")
        else:
            tests = {"EQUALS": str.__eq__, "PREFIX": str.startswith}
            if not any(tests[w["Comparison"]](FILTERS[name](finding), w["Value"]) for w in wanted):
                return False
    return True


def get_findings(self):
    backend = self.securityhub_backend
    enabled(backend, "GetFindings")
    ask = json.loads(self.body or "{}")
    found = [f for f in store(backend).values() if passes(f, ask.get("Filters"))]
    start, size = int(ask.get("NextToken") or 0), ask.get("MaxResults", 10)
    answer = {"Findings": found[start:start + size]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def batch_update_findings(self):
    backend = self.securityhub_backend
    enabled(backend, "BatchUpdateFindings")
    throttled("LimitExceededException")
    ask = json.loads(self.body)
    ids = ask.pop("FindingIdentifiers")
    if not 1 <= len(ids) <= 100:
        raise Refused("InvalidInputException", "between 1 and 100 findings")
    done, undone = [], []
    for one in ids:
        finding = store(backend).get((one["ProductArn"], one["Id"]))
        code = settings.get("faults", {}).get(one["Id"]) or (None if finding else "FindingNotFound")
        if code:
            undone.append({"FindingIdentifier": one, "ErrorCode": code, "ErrorMessage": f"{code} of {one['Id']}"})
            continue
        for name, value in ask.items():
            if name == "Note":
                value = {**value, "UpdatedAt": now()}
            if name == "Severity":
                value = {**value, "Normalized": LABELS[value["Label"]]}
            finding[name] = value
        # When its provider changed it stays as it was.
        finding["ProcessedAt"] = now()
        done.append(one)
        tell(backend, FIRST, one["Id"], finding)
    return json.dumps({"ProcessedFindings": done, "UnprocessedFindings": undone})


def get_findings_v2(self):
    backend = self.securityhub_backend
    enabled(backend, "GetFindingsV2")
    store(backend)
    return json.dumps({"Findings": list(backend.kept_v2.values())})


def batch_update_findings_v2(self):
    backend = self.securityhub_backend
    enabled(backend, "BatchUpdateFindings")
    throttled("ThrottlingException")
    ask = json.loads(self.body)
    if ("MetadataUids" in ask) == ("FindingIdentifiers" in ask):
        raise Refused("ValidationException", "either MetadataUids or FindingIdentifiers")
    store(backend)
    done, undone = [], []
    for uid in ask["MetadataUids"]:
        finding = backend.kept_v2.get(uid)
        if finding is None:
            undone.append({"MetadataUid": uid, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": "no such finding"})
            continue
        for name, key in (("StatusId", "status_id"), ("SeverityId", "severity_id"), ("Comment", "comment")):
            if name in ask:
                finding[key] = ask[name]
        done.append({"MetadataUid": uid})
        tell(backend, SECOND, uid, finding)
    return json.dumps({"ProcessedFindings": done, "UnprocessedFindings": undone})


def describe_hub(plain):
    def judged(self):
        enabled(self.securityhub_backend, "DescribeHub")
        return plain(self)
    return judged


def flatten(node, prefix="", result=None):
    """Fields by their paths; the same field of all objects of a list becomes one list."""
    result = {} if result is None else result
    for key, value in node.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict) and value:
            flatten(value, path, result)
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            for one in value:
                for name, inner in flatten(one, path).items() if isinstance(one, dict) else ():
                    result.setdefault(name, []).extend(inner if isinstance(inner, list) else [inner])
        else:
            result[path] = value
    return result


def install(given):
    settings.update(given)
    SecurityHubBackend.batch_import_findings = lambda self, findings: import_findings(self, findings)
    for handler in (get_findings, batch_update_findings, get_findings_v2, batch_update_findings_v2):
        setattr(SecurityHubResponse, handler.__name__, handler)
    SecurityHubResponse.describe_hub = describe_hub(SecurityHubResponse.describe_hub)
    for path in ("findings/batchupdate", "findingsv2", "findingsv2/batchupdatev2"):
        urls.url_paths["{0}/" + path + "$"] = SecurityHubResponse.dispatch
    events.EventPattern._flatten_dict = staticmethod(flatten)
    template = EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE
    EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = template.replace('"region"', '"account": "123456789012", "region"')
