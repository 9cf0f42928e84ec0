"""The cocite command."""


def main() -> None:
    """Run the command line."""
    from cocite.cli.app import run

    run()


if __name__ == "__main__":
    main()
