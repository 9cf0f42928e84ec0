"""cocite key: who may ask the gateway for more than strangers may, and the services where they ask for keys."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.serving.key_store import KeyStore
    from cocite.serving.keys import Key

key = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys of the gateway and the services.")


@key.command()
def create(
    owner: Annotated[str, typer.Argument(help="Who will use it: letters, digits and . _ @ + -")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="What it is for: read, embed, readers, admin; repeatable. By default read and embed."
        ),
    ] = None,
    rate: Annotated[
        int | None, typer.Option(metavar="N", help="Requests a minute, instead of COCITE_GATEWAY_KEY_RATE.")
    ] = None,
) -> None:
    """Make a key and print its secret, which is shown this once and stored nowhere."""
    from cocite.cli.output import note, print_result
    from cocite.cli.usage import as_usage
    from cocite.serving.keys import Scope, scopes_of

    with as_usage({"owner": "OWNER", "rate": "--rate", "scope": "--scope"}):
        scopes = scopes_of(",".join(scope), "scope") if scope else (Scope.READ, Scope.EMBED)
        made, secret = _store().create(owner, scopes, rate)
    print_result(secret)
    note(f"key {made.id} of {owner} for {_told(made)}; running gateways and services know it within a second")


@key.command("list")
def list_keys(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the keys, oldest first."""
    from rich.table import Table

    from cocite.cli.output import note, print_json, print_table, stdout

    store = _store()
    keys = store.read()
    if json:
        print_json([each.model_dump(mode="json", exclude={"sha256"}) for each in keys])
        return
    if not keys:
        note(f"no key in {store.path}; `cocite key create OWNER` makes one")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "owner", "for", "requests a minute", "made"):
        table.add_column(column)
    for each in keys:
        table.add_row(each.id, each.owner, _told(each), str(each.rate or ""), f"{each.created_at:%Y-%m-%d %H:%M}")
    print_table(stdout(), table)


@key.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="An id from `cocite key list`.")]) -> None:
    """Let a key be none any more; running gateways and services refuse it within a second."""
    from cocite.cli.output import note

    revoked = _store().revoke(key_id)
    note(f"revoked key {revoked.id} of {revoked.owner}")


def _store() -> "KeyStore":
    from cocite.core.settings import load_settings
    from cocite.serving.key_store import KeyStore

    return KeyStore(load_settings().keys)


def _told(made: "Key") -> str:
    return ", ".join(made.scopes)
