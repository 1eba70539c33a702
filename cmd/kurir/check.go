package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kurir/config"
)

// newCheckCmd makes `kurir check`.
func newCheckCmd() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check [-c kurir.yaml]",
		Short: "Say everything that is wrong with a configuration file",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, mistakes := config.Load(path)
			if len(mistakes) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), mistakes)
				return errReported
			}
			for _, w := range file.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: %v\n", w)
			}
			for _, gap := range file.RotaGaps(time.Now()) {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", gap)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "ok: %s, %s, %s\n",
				count(len(file.Connectors), "connector"), count(len(file.Accounts), "account"), count(len(file.Routes), "route"))
			return err
		},
	}
	configFlag(cmd, &path)
	return cmd
}

// configFlag adds -c, the file of the server, to a command.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "kurir.yaml", "configuration file")
}

// count gives a number and a noun, in the plural unless the number is one.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
