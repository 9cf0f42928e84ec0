"""Rules: pods are restricted, end in time, have what they mount, and are scaled and kept within bounds."""

from k8s.documents import containers, is_ours, main_container, of_kind, pods, selects, settings

UID = 10001


def unrestricted(docs) -> list[str]:
    complaints = []
    for name, pod in pods(docs).items():
        spec = pod["spec"]
        if spec.get("automountServiceAccountToken") is not False or spec.get("serviceAccountName") != "cocite":
            complaints.append(f"{name} may have a token")
        if spec.get("enableServiceLinks") is not False:
            complaints.append(f"{name} is given variables that may be taken for settings")
        of_pod = spec.get("securityContext", {})
        if (of_pod.get("runAsNonRoot"), of_pod.get("runAsUser"), of_pod.get("runAsGroup")) != (True, UID, UID):
            complaints.append(f"{name} runs as another user than the image says")
        if of_pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            complaints.append(f"{name} has no seccomp profile")
        for container in containers(pod):
            own = container.get("securityContext", {})
            if (
                own.get("allowPrivilegeEscalation") is not False
                or own.get("readOnlyRootFilesystem") is not True
                or own.get("capabilities") != {"drop": ["ALL"]}
                or set(own) != {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"}
            ):
                complaints.append(f"{container['name']} of {name} is not restricted")
    accounts = of_kind(docs, "ServiceAccount")
    if accounts.get("cocite", {}).get("automountServiceAccountToken") is not False:
        complaints.append("the account has a token")
    if of_kind(docs, "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"):
        complaints.append("somebody has rights")
    return complaints


def bad_resources(docs) -> list[str]:
    complaints = []
    for name, pod in pods(docs).items():
        for container in containers(pod):
            resources = container.get("resources", {})
            requests, limits = resources.get("requests", {}), resources.get("limits", {})
            if not {"cpu", "memory"} <= requests.keys() or "memory" not in limits:
                complaints.append(f"{container['name']} of {name} does not say what it needs")
            elif mebibytes(requests["memory"]) > mebibytes(limits["memory"]):
                complaints.append(f"{container['name']} of {name} asks for more memory than it may have")
    return complaints


def mebibytes(quantity: str) -> float:
    return float(quantity[:-2]) * {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024}[quantity[-2:]]


def bad_ends(docs) -> list[str]:
    """A pod is killed only after the pause before SIGTERM, the lame duck and the drain are over."""
    given, complaints = settings(docs), []
    for name in of_kind(docs, "Deployment"):
        spec = pods(docs)[name]["spec"]
        before = main_container(pods(docs)[name]).get("lifecycle", {}).get("preStop", {})
        pause = before.get("sleep", {}).get("seconds", 0)
        if pause < 1:
            complaints.append(f"{name} ends before callers hear of it")
        needed = pause + float(given["COCITE_LAME_DUCK_S"]) + float(given["COCITE_DRAIN_S"]) + 10
        if spec.get("terminationGracePeriodSeconds", 30) < needed:
            complaints.append(f"{name} is killed before it has drained")
    for name, job in of_kind(docs, "CronJob").items():
        if job["spec"].get("concurrencyPolicy") != "Forbid":
            complaints.append(f"{name} may run beside itself")
        if "activeDeadlineSeconds" not in job["spec"]["jobTemplate"]["spec"]:
            complaints.append(f"{name} may run for ever")
    return complaints


def bad_volumes(docs) -> list[str]:
    complaints = []
    claims = of_kind(docs, "PersistentVolumeClaim")
    secrets = {"cocite-keys"} | {c["spec"]["secretName"] for c in of_kind(docs, "Certificate").values()}
    for name, pod in pods(docs).items():
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
        mounted = {mount["name"] for c in containers(pod) for mount in c.get("volumeMounts", [])}
        if mounted != volumes.keys() or len(volumes) != len(pod["spec"].get("volumes", [])):
            complaints.append(f"{name} mounts other volumes than it has")
        for volume in volumes.values():
            if len(volume) != 2:
                complaints.append(f"volume {volume['name']} of {name} is not of one kind")
            if "persistentVolumeClaim" in volume and volume["persistentVolumeClaim"]["claimName"] not in claims:
                complaints.append(f"volume {volume['name']} of {name} is claimed by nobody")
            if "secret" in volume and volume["secret"]["secretName"] not in secrets:
                complaints.append(f"volume {volume['name']} of {name} is a secret that nobody makes")
        for container in filter(is_ours, containers(pod)):
            if "/tmp" not in [mount["mountPath"] for mount in container.get("volumeMounts", [])]:
                complaints.append(f"{container['name']} of {name} has no /tmp")
    return complaints


def bad_scaling(docs) -> list[str]:
    """What schemas accept and clusters refuse, or worse, do not."""
    complaints = []
    makers, templates = of_kind(docs, "Deployment"), pods(docs)
    for name, scaler in of_kind(docs, "HorizontalPodAutoscaler").items():
        spec = scaler["spec"]
        target = makers.get(spec["scaleTargetRef"]["name"])
        if target is None:
            complaints.append(f"scaler {name} scales nothing")
        elif "replicas" in target["spec"]:
            complaints.append(f"{name} has a number of pods beside its scaler")
        if not 1 <= spec["minReplicas"] <= spec["maxReplicas"]:
            complaints.append(f"scaler {name} has no bounds")
        if "cpu" not in [metric.get("resource", {}).get("name") for metric in spec["metrics"]]:
            complaints.append(f"scaler {name} does not look at the CPU")
    for name, budget in of_kind(docs, "PodDisruptionBudget").items():
        spec = budget["spec"]
        if ("minAvailable" in spec) == ("maxUnavailable" in spec):
            complaints.append(f"budget {name} needs one of minAvailable and maxUnavailable")
        if [n for n, t in templates.items() if selects(spec["selector"], t["metadata"]["labels"])] != [name]:
            complaints.append(f"budget {name} is of other pods")
    for name, maker in makers.items():
        rolling = maker["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0:
            complaints.append(f"{name} has fewer pods while it is replaced")
        spread = templates[name]["spec"].get("topologySpreadConstraints", [])
        if {each["topologyKey"] for each in spread} != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            complaints.append(f"{name} is not spread")
        if not all(selects(each["labelSelector"], templates[name]["metadata"]["labels"]) for each in spread):
            complaints.append(f"{name} is spread by other pods")
    return complaints


RULES = (unrestricted, bad_resources, bad_ends, bad_volumes, bad_scaling)
