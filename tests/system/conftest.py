import pytest

from cocite.core.locks import exclusive
from support.mail_server import running_mail_server
from support.stack import TIMEOUT_S, Home, Stack


@pytest.fixture(scope="session")
def trained_demo(fetched, tmp_path_factory, worker_id) -> Home:
    """The demo corpus taken in and a model trained on hashed words, which needs no model files; only to be copied.

    Made once for all processes that tests run in.
    """
    of_run = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    home = Home(of_run / "trained", fetched)
    with exclusive(of_run / "trained.lock", "training the demo", wait_s=TIMEOUT_S):
        if not home.path.joinpath("demo").exists():
            home.run("up", "--demo", "--once", check=True)
    return home


@pytest.fixture(scope="session")
def demo_home(trained_demo, tmp_path_factory) -> Home:
    """The demo, for tests that leave its papers and its model as they are."""
    return trained_demo.copied_to(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def mailbox():
    """Where the mails of the demo go."""
    with running_mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def stack(demo_home, mailbox):
    """The demo, up."""
    with Stack(demo_home.having(smtp_url=mailbox.url, mail_from="Papers <papers@site.example>")) as stack:
        yield stack
