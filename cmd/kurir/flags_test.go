package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What is wrong with a flag is said in plain words by every command, and ends
// it with the code of wrong flags.
func TestFlagMistakes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"check --all":                                "there is no flag --all; kurir check --help lists those that there are",
		"check extra":                                `"extra" is no flag`,
		"version extra":                              `"extra" is no flag`,
		"serve kurir.yaml":                           `"kurir.yaml" is no flag; the file goes behind -c`,
		"check kurir.yaml":                           `"kurir.yaml" is no flag; the file goes behind -c`,
		"link list --jsno":                           "there is no flag --jsno; kurir link list --help lists those that there are",
		"link list -x":                               "there is no flag -x; kurir link list --help lists those that there are",
		"link list --timeout soon":                   "--timeout soon: a duration is expected, such as 30s, 10m, 24h or 7d",
		"link list --timeout":                        "--timeout needs a value",
		"link list --json=maybe":                     "--json maybe: true or false is expected",
		"link restart op1 --session first":           "--session first: the number of a session is expected, as the log has it",
		"link restart op1 --session 0":               "--session 0: the number of a session is expected, as the log has it",
		"trace link op1 --session -1":                "--session -1: the number of a session is expected, as the log has it",
		"trace link op1 --pdus many":                 "--pdus many: a whole number is expected",
		"trace link op1 --pdus 99999999999999999999": "--pdus 99999999999999999999: the number is too large",
		"send --timeout 1x":                          "--timeout 1x: a duration is expected, such as 30s, 10m, 24h or 7d",
		"simulate --latency quick":                   "--latency quick: a duration is expected, such as 30s, 10m, 24h or 7d",
		"simulate --rate quick":                      "--rate quick: a number is expected",
		"simulate --rate-status -1":                  "--rate-status -1: the number cannot be less than 0",
		"load smpp 127.0.0.1:1 --window wide":        "--window wide: a whole number is expected",
		"queue push acme":                            "say with --from, --to or both of which time, or with --id which messages",
		"queue push acme --id x --from 1d":           "--id and a range of time exclude each other",
		"link foo":                                   `unknown command "foo" for "kurir link"; kurir link --help lists those that there are`,
		"queue push acme --from yesterday":           "--from yesterday: a time such as 2026-11-05T10:00:00Z or 2026-11-05 is expected, or how long ago, such as 30s, 10m, 24h or 7d",
		"queue push acme --to -1h":                   "--to -1h: a time such as ",
	} {
		_, err := kurir(t, line)
		if err == nil || !strings.HasPrefix(err.Error(), want) || exitCode(err) != exitUsage {
			t.Errorf("kurir %s: %v, exit code %d, want %q", line, err, exitCode(err), want)
		}
	}
}

// A flag that is nothing unless it is given says so by saying nothing.
func TestFlagDefaults(t *testing.T) {
	t.Parallel()
	for line, wrong := range map[string]string{"trace": "0s", "simulate": "(default 0s)", "link list": "1m0s", "load smpp": "1m0s"} {
		if out, err := kurir(t, line+" --help"); err != nil || strings.Contains(out, wrong) {
			t.Errorf("kurir %s --help says %s: %v %s", line, wrong, err, out)
		}
	}
}

// Days are read wherever a duration is.
func TestFlagDays(t *testing.T) {
	t.Parallel()
	root := newRootCmd()
	cmd, args, err := root.Find([]string{"link", "list", "--timeout", "1d12h"})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if got, err := cmd.Flags().GetDuration("timeout"); err != nil || got.Hours() != 36 {
		t.Errorf("1d12h is %v, %v", got, err)
	}
}

// No command takes a flag that all commands beside it have for something else.
func TestFlagsHideNone(t *testing.T) {
	t.Parallel()
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		for p := c.Parent(); p != nil; p = p.Parent() {
			p.PersistentFlags().VisitAll(func(f *pflag.Flag) {
				if c.LocalFlags().Lookup(f.Name) != nil {
					t.Errorf("--%s of %s hides that of %s", f.Name, c.CommandPath(), p.CommandPath())
				}
			})
		}
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	look(newRootCmd())
}
