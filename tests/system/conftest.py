import pytest

from support.mail_server import running_mail_server
from support.stack import Home, Stack


@pytest.fixture(scope="session")
def demo_home(fetched, tmp_path_factory) -> Home:
    """A home with the demo corpus taken in and a model trained on hashed words, which needs no model files."""
    home = Home(tmp_path_factory.mktemp("home"), fetched)
    home.run("up", "--demo", "--once", check=True)
    return home


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
