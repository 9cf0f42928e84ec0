"""Texts and HTML of mails, from the templates beside this file."""

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from cocite.catalogue.subscription_records import Choice
from cocite.feeds.digest_content import Digest
from cocite.feeds.digest_occasions import Occasion
from cocite.feeds.mail_settings import Postmark

Texts = tuple[str, str, str]  # subject, text, HTML


def digest_texts(postmark: Postmark, occasion: Occasion, digest: Digest, unsubscribe_url: str) -> Texts:
    """A digest."""
    count = digest.new_papers
    what = f"{count} new {'paper' if count == 1 else 'papers'}" if count else "Papers"
    subject = f"{what}: {occasion.title}"
    return _rendered(
        "digest",
        subject,
        sections=digest.sections,
        occasion=occasion.title,
        period=occasion.period.name.lower(),
        site=postmark.public_url,
        site_name=postmark.sender.display_name or "cocite",
        unsubscribe_url=unsubscribe_url,
    )


def confirmation_texts(postmark: Postmark, choice: Choice, confirm_url: str) -> Texts:
    """The mail that asks whether a subscription is wanted."""
    name = postmark.sender.display_name or "cocite"
    return _rendered(
        "confirm",
        f"Confirm your subscription to the {choice.period.name.lower()} digest of {name}",
        period=choice.period.name.lower(),
        subjects=len(choice.fields),  # not their names: a stranger chose them, and might advertise by them
        personal=choice.reader_key is not None,
        site=postmark.public_url,
        site_name=name,
        confirm_url=confirm_url,
    )


def preview_page(occasion: Occasion, previews: Sequence[object]) -> str:
    """The page that leads to previews, which have name, subject and address."""
    return _templates().get_template("preview.html").render(occasion=occasion.name, previews=previews)


def _rendered(name: str, subject: str, **values: object) -> Texts:
    templates = _templates()
    text, html = (
        templates.get_template(f"{name}.{kind}").render(subject=subject, **values) for kind in ("txt", "html")
    )
    return subject, text, html


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("cocite.feeds"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
