package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"kurir/config"
)

// newConfigCmd makes `kurir config`.
func newConfigCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show, make, change and delete accounts, links, routes and more of a running Kurir",
		Long: `Show, make, change and delete what stands in the configuration of a running Kurir or was made over its REST interface:
connectors, accounts, routes and so on. It takes an account that may administrate (admin: true). What stands in the file is
shown and cannot be changed here.`,
	}
	r.flags(cmd)
	cmd.AddCommand(&cobra.Command{
		Use: "list [NOUN]", Short: "Show all of a noun, such as routes; without NOUN which there are", Args: upTo(1, "NOUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return r.listNouns(cmd.Context(), cmd.OutOrStdout())
			}
			if one, err := r.single(cmd.Context(), args[0]); err != nil {
				return err
			} else if one {
				return r.showSetting(cmd.Context(), cmd.OutOrStdout(), settingPath(args))
			}
			return r.listSettings(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	}, &cobra.Command{
		Use: "show NOUN [NAME]", Short: "Show one as it could stand in the file, secrets as stars", Args: nounAndName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.named(cmd.Context(), args); err != nil {
				return err
			}
			return r.showSetting(cmd.Context(), cmd.OutOrStdout(), settingPath(args))
		},
	}, r.setCmd(), r.deleteCmd(), &cobra.Command{
		Use: "audit [NOUN [NAME]]", Short: "Show who changed what, the newest first", Args: upTo(2, "NOUN and NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.listAudit(cmd.Context(), cmd.OutOrStdout(), args)
		},
	})
	return cmd
}

// setCmd makes `kurir config set`.
func (r *remote) setCmd() *cobra.Command {
	var file string
	var merge bool
	var position int
	set := &cobra.Command{
		Use: "set NOUN [NAME] -f FILE", Short: "Make one, or put it in place of the one of its name",
		Long: `Make one of what FILE has, YAML or JSON, or put it in place of the one of its name. Without NAME it is new, and its name
stands in FILE. Nouns of which there is one, such as alarms, have no name.`,
		Example: `  kurir config set accounts acme -f acme.yaml
  echo '{rate: 5}' | kurir config set accounts acme --merge -f -`,
		Args: nounAndName,
		RunE: func(cmd *cobra.Command, args []string) error {
			value, err := readValue(cmd.InOrStdin(), file)
			if err != nil {
				return err
			}
			one := false
			if len(args) == 1 {
				if one, err = r.single(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			method := http.MethodPut
			switch {
			case merge && len(args) == 1 && !one:
				return exitWith(exitUsage, "--merge changes what is there: give its NAME too")
			case merge:
				method = http.MethodPatch
			case len(args) == 1 && !one:
				method = http.MethodPost
			}
			path := settingPath(args)
			if position > 0 {
				path += "?position=" + strconv.Itoa(position)
			}
			return r.setSetting(cmd.Context(), cmd.OutOrStdout(), method, path, args[0], value)
		},
	}
	f := set.Flags()
	f.StringVarP(&file, "file", "f", "", "the `file` that has the fields; - for standard input")
	f.BoolVar(&merge, "merge", false, "change only the fields in the file; null takes one out")
	f.IntVar(&position, "position", 0, "the `place` among those made over REST, from 1 (default: it stays, or comes last)")
	r.revisionFlag(set)
	return set
}

// deleteCmd makes `kurir config delete`.
func (r *remote) deleteCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete NOUN [NAME]", Short: "Delete one", Args: nounAndName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.named(cmd.Context(), args); err != nil {
				return err
			}
			printed, err := r.answer(cmd.Context(), cmd.OutOrStdout(), http.MethodDelete, settingPath(args), nil, &struct{}{})
			if err != nil || printed {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is deleted\n", strings.Join(args, " "))
			return nil
		},
	}
	r.revisionFlag(cmd)
	return cmd
}

func (r *remote) revisionFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.options.revision, "revision", "", "do it only if the last change has this `number`")
}

// upTo wants at most so many arguments.
func upTo(most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) <= most {
			return nil
		}
		return exitWith(exitUsage, "nothing but %s is expected", what)
	}
}

func nounAndName(_ *cobra.Command, args []string) error {
	if len(args) == 1 || len(args) == 2 {
		return nil
	}
	return exitWith(exitUsage, "a noun and a name are expected, such as accounts acme; kurir config list shows them")
}

// named refuses a noun without a name, unless there is one of it.
func (r *remote) named(ctx context.Context, args []string) error {
	if len(args) == 2 {
		return nil
	}
	one, err := r.single(ctx, args[0])
	if err != nil || one {
		return err
	}
	return exitWith(exitUsage, "a name is expected too, as kurir config list %s shows them", args[0])
}

// settingPath is the address of a noun, or of one that has a name.
func settingPath(args []string) string {
	path := "/v1/config"
	for _, arg := range args {
		path += "/" + url.PathEscape(arg)
	}
	return path
}

// readValue reads the fields of a setting, YAML or JSON.
func readValue(stdin io.Reader, file string) (map[string]any, error) {
	var text []byte
	var err error
	switch file {
	case "":
		return nil, exitWith(exitUsage, "-f is missing: the file that has the fields, or - for standard input")
	case "-":
		text, err = io.ReadAll(stdin)
	default:
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	value, err := config.ParseValue(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return value, nil
}

// shownSetting is one setting in the server's answer.
type shownSetting struct {
	Name      string         `json:"name"`
	Source    string         `json:"source"`
	Place     string         `json:"place"`
	Position  int            `json:"position"`
	Revision  int64          `json:"revision"`
	ChangedAt time.Time      `json:"changed_at"`
	ChangedBy string         `json:"changed_by"`
	Value     map[string]any `json:"value"`
	Warnings  []string       `json:"warnings"`
}

// shownNouns are the nouns that there are, in the server's answer.
type shownNouns struct {
	Nouns []struct {
		Noun   string `json:"noun"`
		Single bool   `json:"single"`
	} `json:"nouns"`
}

// single tells whether of a noun there is one, which has no name.
func (r *remote) single(ctx context.Context, noun string) (bool, error) {
	var s shownNouns
	if err := r.do(ctx, http.MethodGet, "/v1/config", nil, &s); err != nil {
		return false, err
	}
	for _, n := range s.Nouns {
		if n.Noun == noun {
			return n.Single, nil
		}
	}
	return false, nil
}

// listNouns prints the nouns that there are.
func (r *remote) listNouns(ctx context.Context, out io.Writer) error {
	var s shownNouns
	if printed, err := r.answer(ctx, out, http.MethodGet, "/v1/config", nil, &s); err != nil || printed {
		return err
	}
	for _, n := range s.Nouns {
		fmt.Fprintln(out, n.Noun)
	}
	return nil
}

// listSettings prints a line for each setting of a noun.
func (r *remote) listSettings(ctx context.Context, out io.Writer, noun string) error {
	list, err := allRows[shownSetting](ctx, r, rowsPath(settingPath([]string{noun}), ""), noun)
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "NAME", "FROM", "POSITION", "REVISION", "CHANGED", "BY")
	for i := range list {
		s := &list[i]
		if s.Place != "" {
			fmt.Fprintf(table, "%s\t%s\t-\t-\t-\t-\n", orDash(s.Name), s.Place)
			continue
		}
		fmt.Fprintf(table, "%s\tREST\t%d\t%d\t%s ago\t%s\n", s.Name, s.Position, s.Revision, ago(s.ChangedAt), s.ChangedBy)
	}
	return table.Flush()
}

// showSetting prints one as it could stand in the file.
func (r *remote) showSetting(ctx context.Context, out io.Writer, path string) error {
	var s shownSetting
	if printed, err := r.answer(ctx, out, http.MethodGet, path, nil, &s); err != nil || printed {
		return err
	}
	text, err := yaml.Marshal(s.Value)
	if err != nil {
		return fmt.Errorf("write the fields: %w", err)
	}
	where := "made over REST, revision " + strconv.FormatInt(s.Revision, 10) + " by " + s.ChangedBy
	if s.Place != "" {
		where = "in the file, at " + s.Place
	}
	_, err = fmt.Fprintf(out, "# %s\n%s", where, text)
	return err
}

// setSetting makes or changes one and says what it is now.
func (r *remote) setSetting(ctx context.Context, out io.Writer, method, path, noun string, value map[string]any) error {
	var s shownSetting
	if printed, err := r.answer(ctx, out, method, path, value, &s); err != nil || printed {
		return err
	}
	title := noun
	if s.Name != noun { // there are several
		title += " " + s.Name
	}
	fmt.Fprintf(out, "%s: in force, revision %d\n", title, s.Revision)
	for _, w := range s.Warnings {
		fmt.Fprintln(out, "warning:", w)
	}
	return nil
}

// listAudit prints who changed what.
func (r *remote) listAudit(ctx context.Context, out io.Writer, args []string) error {
	params := url.Values{"limit": {"1000"}}
	for i, name := range []string{"noun", "name"} {
		if i < len(args) {
			params.Set(name, args[i])
		}
	}
	type change struct {
		Number int64     `json:"number"`
		At     time.Time `json:"at"`
		Who    string    `json:"who"`
		Noun   string    `json:"noun"`
		Name   string    `json:"name"`
		Action string    `json:"action"`
		Fields []string  `json:"fields"`
	}
	list, err := allRows[change](ctx, r, "/v1/audit?"+params.Encode(), "audit")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "NUMBER", "AT", "WHO", "ACTION", "NOUN", "NAME", "FIELDS")
	for i := range list {
		c := &list[i]
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Number, c.At.Format(time.RFC3339), c.Who, c.Action, c.Noun, c.Name, orDash(strings.Join(c.Fields, ", ")))
	}
	return table.Flush()
}
