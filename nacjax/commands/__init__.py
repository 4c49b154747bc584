"""The subcommands of `nacjax`, one dataclass each: its fields are the options, `run()` is the command."""
