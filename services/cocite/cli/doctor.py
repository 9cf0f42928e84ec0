"""cocite doctor"""

from typing import Annotated

import typer


def doctor(
    strict: Annotated[bool, typer.Option("--strict", help="End with status 1 for what is better mended, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at a deployment by its settings, and say what is wrong and what to do. Changes nothing."""
    from cocite.cli import doctor_services as services
    from cocite.cli import doctor_stores as stores
    from cocite.cli.doctor_findings import State, examined
    from cocite.cli.doctor_tables import findings_as_json, print_findings
    from cocite.cli.output import print_json
    from cocite.core.settings import load_settings

    found = [
        *examined(
            load_settings(),
            (
                ("services", services.services),
                ("gateway", services.gateway),
                ("model", services.model),
                ("TLS", services.certificates),
                ("bundle", stores.bundles),
                ("catalogue", stores.catalogue),
                ("Redis", stores.redis),
                ("mail", stores.mail),
                ("disk", stores.disks),
                ("secrets", stores.secrets),
            ),
        )
    ]
    if json:
        print_json(findings_as_json(found))
    else:
        print_findings(found)
    bad = {State.WRONG, State.NOTICE} if strict else {State.WRONG}
    if any(each.state in bad for each in found):
        raise typer.Exit(1)
