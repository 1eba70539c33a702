package main

import "github.com/spf13/cobra"

// noArgs wants nothing beside flags.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	switch {
	case cmd.Flags().Lookup("text") != nil:
		hint = "; the text goes behind --text"
	case cmd.Flags().Lookup("config") != nil:
		hint = "; the file goes behind -c"
	}
	return exitWith(exitUsage, "%q is no flag%s", args[0], hint)
}

// someArgs wants one argument or more; hint says where to find them.
func someArgs(what, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return exitWith(exitUsage, "%s is expected, or several; %s", what, hint)
	}
}

// oneArg wants one argument; hint, if given, says where to find it.
func oneArg(what string, hint ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		text := what + " is expected"
		if len(args) > 1 {
			text += ", not several"
		}
		for _, h := range hint {
			text += "; " + h
		}
		return exitWith(exitUsage, "%s", text)
	}
}
