package main

import (
	"strings"
	"testing"
)

// A command that there is not is a mistake on every level, also when the
// command above it does nothing itself.
func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"lnk":              "unknown command \"lnk\" for \"kurir\"\n\nDid you mean this?\n\tlink",
		"link lst":         "unknown command \"lst\" for \"kurir link\"\n\nDid you mean this?\n\tlist",
		"queue foo":        `unknown command "foo" for "kurir queue"`,
		"queue --json foo": `unknown command "foo" for "kurir queue"`,
		"trace lnk op1":    "unknown command \"lnk\" for \"kurir trace\"\n\nDid you mean this?\n\tlink",
		"load foo":         `unknown command "foo" for "kurir load"`,
		"lnk --help":       "unknown command \"lnk\" for \"kurir\"\n\nDid you mean this?\n\tlink",
		"-h lnk":           "unknown command \"lnk\" for \"kurir\"\n\nDid you mean this?\n\tlink",
		"queue foo --help": `unknown command "foo" for "kurir queue"`,
		"help lnk":         "unknown command \"lnk\" for \"kurir\"\n\nDid you mean this?\n\tlink",
		"help queue foo":   `unknown command "foo" for "kurir queue"`,
		"queue --help":     "",
		"queue list -h":    "",
		"help queue push":  "",
		"--help":           "",
		"link":             "",
		"load":             "",
		"":                 "",
	} {
		_, err := kurir(t, line)
		code, said := exitUsage, ""
		if want == "" {
			code = 0
		}
		if err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, want) || exitCode(err) != code {
			t.Errorf("kurir %s: %q, exit code %d, want %q", line, said, exitCode(err), want)
		}
	}
}

// kurir runs a command line, and returns what it prints.
func kurir(t *testing.T, line string) (string, error) {
	t.Helper()
	var out strings.Builder
	root := newRootCmd()
	root.SetArgs(strings.Fields(line))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}
