package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// nameCommands has each command that only holds others refuse a name that is
// none of them, in place of its help and success; without a name it shows help.
func nameCommands(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		nameCommands(sub)
	}
	if !cmd.HasSubCommands() || cmd.Runnable() {
		return
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.DisableFlagsInUseLine = true
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return unknownCommand(cmd, args[0])
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	help := cmd.Flags().VarPF(helpAnyway{}, "help", "h", "help for "+cmd.Name())
	help.NoOptDefVal = "true"
}

// helpAnyway is --help of a command that only holds others: it shows help without that, and the flag is not to keep
// it from refusing a name that is none of them.
type helpAnyway struct{}

// Set implements pflag.Value.
func (helpAnyway) Set(string) error { return nil }

// String implements pflag.Value.
func (helpAnyway) String() string { return "false" }

// Type implements pflag.Value.
func (helpAnyway) Type() string { return "bool" }

// newHelpCmd makes `kurir help`.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 && found.HasSubCommands() {
				return unknownCommand(found, rest[0])
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// unknownCommand is the error about a command that there is not.
func unknownCommand(cmd *cobra.Command, name string) error {
	text := "unknown command \"" + name + "\" for \"" + cmd.CommandPath() + "\""
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		text += "\n\nDid you mean this?\n\t" + strings.Join(near, "\n\t") + "\n"
	} else {
		text += "; " + cmd.CommandPath() + " --help lists those that there are"
	}
	return &exitError{exitUsage, errors.New(text)}
}
