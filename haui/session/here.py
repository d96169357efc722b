"""What a session looks at on this machine: before the first host, and when all hosts are done."""

from __future__ import annotations

import asyncio

from haui.clusterfile.text import dump
from haui.errors import JournalError, VerifyError
from haui.events import Finding
from haui.evidence import Reading, facts_text
from haui.execution import bastion_facts
from haui.execution.bastion import check_endpoint
from haui.execution.localcheck import LocalCheck
from haui.plainfile import read_at_most
from haui.session.job import Job
from haui.wholefile import sync_folder
from steps.checks import bastion


def local_checks(job: Job) -> tuple[LocalCheck, ...]:
    """What is looked at on this machine: before the first host, and in the end."""
    if job.kind == "reset":
        return _closes(job)
    return (*_looks_here(job), *_reaches(job))


def _looks_here(job: Job) -> tuple[LocalCheck, ...]:
    """The bastion's part of the preflight. What was read of one before is judged again."""
    read = job.evidence.reading(bastion.STEP, bastion.NAME) is not None
    if job.kind == "verify" or not (job.bastion or read):
        return ()

    async def look() -> tuple[Finding, ...]:
        if job.bastion:
            told = facts_text(await asyncio.to_thread(_bastion_facts, job))
            job.evidence.keep(bastion.STEP, bastion.NAME, Reading(text=told))
        return bastion.findings(job.spec, job.evidence)

    check = LocalCheck(
        host=bastion.NAME,
        step=bastion.STEP,
        title="Look at this machine",
        check=look,
        first=True,
        operator=job.operator,
    )
    return (check,)


def _bastion_facts(job: Job) -> tuple[tuple[str, str], ...]:
    return tuple(bastion_facts.facts(job.spec, job.store.folder))


def _reaches(job: Job) -> tuple[LocalCheck, ...]:
    if not job.bastion or job.kind == "preflight" or job.hosts is not None:
        return ()

    async def reach() -> tuple[Finding, ...]:
        path = job.store.admin_conf
        try:
            admin_conf = read_at_most(path, 1 << 20)
        except OSError as error:
            raise VerifyError(
                f"{path} can't be read",
                why=str(error),
                fix="haui apply with the cluster file fetches it again",
            ) from error
        return await check_endpoint(job.spec, admin_conf)

    check = LocalCheck(
        host=bastion.NAME,
        step="verify.bastion",
        title="Reach the API from the bastion",
        check=reach,
    )
    return (check,)


def _closes(job: Job) -> tuple[LocalCheck, ...]:
    """Once all of a cluster is gone, admin.conf opens nothing any more; hosts that have left one
    are no part of it, and whatever they serve next is not to be reset with it."""

    async def shrink() -> tuple[Finding, ...]:
        hosts = job.hosts or ()
        rest = tuple(host for host in job.spec.hosts if host.name not in hosts)
        answers = dump(job.spec.model_copy(update={"hosts": rest}))
        path = job.store.write_private("cluster.yaml", answers.encode())
        return (Finding(verdict="ok", what=str(path), expected="without the hosts that left"),)

    if job.partial:
        title = "Forget the hosts that have left"
        step = "reset.bastion"
        return (LocalCheck(host=bastion.NAME, step=step, title=title, check=shrink),)

    async def close() -> tuple[Finding, ...]:
        path = job.store.admin_conf
        seen = "removed" if path.exists() else "there was none"
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise JournalError(
                f"{path} can't be removed", why=str(error), fix="Remove it: it opens nothing."
            ) from error
        return (Finding(verdict="ok", what=str(path), expected="no such file", seen=seen),)

    check = LocalCheck(
        host=bastion.NAME,
        step="reset.bastion",
        title="Remove the key of a cluster that is gone",
        check=close,
    )
    return (check,)
