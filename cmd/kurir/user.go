package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// newUserCmd makes `kurir user`.
func newUserCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Show, make and delete the people who sign in to the web pages, and give them passwords",
		Long: `Show, make and delete the people who sign in to the web pages of a running Kurir, and give them passwords, over the REST
interface: for those who are locked out too. It takes an account that may administrate (admin: true). Those that stand in the
file are shown and not changed. Nobody's password is shown; one that is made is printed once.`,
	}
	r.flags(cmd)
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List the users", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.listUsers(cmd.Context(), cmd.OutOrStdout())
		},
	}, r.addUserCmd(), r.userPasswordCmd(), &cobra.Command{
		Use: "remove NAME", Short: "Delete a user; the user's sessions end", Args: oneArg("the name of one user", "kurir user list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			printed, err := r.answer(cmd.Context(), cmd.OutOrStdout(), http.MethodDelete, userPath(args[0]), nil, &struct{}{})
			if err == nil && !printed {
				fmt.Fprintf(cmd.OutOrStdout(), "%s is deleted\n", args[0])
			}
			return err
		},
	})
	return cmd
}

func userPath(name string) string { return "/v1/config/users/" + url.PathEscape(name) }

// addUserCmd makes `kurir user add`.
func (r *remote) addUserCmd() *cobra.Command {
	var account, role, mail, language, until, from string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make a user", Args: oneArg("the name of one user", "choose one"),
		Example: `  kurir user add anna --account acme
  kurir user add olle --account acme --role system --password-file -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			password, made, err := userPassword(cmd.InOrStdin(), from)
			if err != nil {
				return err
			}
			fields := map[string]string{"name": args[0], "account": account, "role": role, "password": password}
			for field, value := range map[string]string{"mail": mail, "language": language, "until": until} {
				if value != "" {
					fields[field] = value
				}
			}
			return r.setUser(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, "/v1/config/users", fields, args[0], made)
		},
	}
	f := cmd.Flags()
	f.StringVar(&account, "account", "", "the `account` whose messages the user sends and sees")
	f.StringVar(&role, "role", "sender", "what the user may do: sender, project, support or `system`")
	f.StringVar(&mail, "mail", "", "the user's mail `address`")
	f.StringVar(&language, "language", "", "of the pages: en or `sv` (default: the browser's)")
	f.StringVar(&until, "until", "", "a `time` or day from which the user may not sign in any more")
	passwordFlag(cmd, &from)
	_ = cmd.MarkFlagRequired("account")
	return cmd
}

// userPasswordCmd makes `kurir user password`.
func (r *remote) userPasswordCmd() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "password NAME", Short: "Give a user another password; the user's sessions end", Args: oneArg("the name of one user", "kurir user list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, made, err := userPassword(cmd.InOrStdin(), from)
			if err != nil {
				return err
			}
			return r.setUser(cmd.Context(), cmd.OutOrStdout(), http.MethodPatch, userPath(args[0]), map[string]string{"password": password}, args[0], made)
		},
	}
	passwordFlag(cmd, &from)
	return cmd
}

func passwordFlag(cmd *cobra.Command, from *string) {
	cmd.Flags().StringVar(from, "password-file", "", "the `file` whose first line is the password, - for standard input (default: one is made and printed)")
}

// minPassword is how many characters a password of a user has at least, as the web pages ask for.
const minPassword = 10

// userPassword reads a password, or makes one; made tells which.
func userPassword(in io.Reader, from string) (password string, made bool, err error) {
	switch from {
	case "":
		return strings.ToLower(rand.Text()[:16]), true, nil
	case "-":
	default:
		f, err := os.Open(from)
		if err != nil {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		defer f.Close()
		in = f
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	password = strings.TrimRight(line, "\r\n")
	if len([]rune(password)) < minPassword {
		return "", false, exitWith(exitUsage, "the password is shorter than %d characters", minPassword)
	}
	return password, false, nil
}

// setUser makes or changes a user, and prints the password that was made.
func (r *remote) setUser(ctx context.Context, out io.Writer, method, path string, fields map[string]string, name string, made bool) error {
	printed, err := r.answer(ctx, out, method, path, fields, &struct{}{})
	if err != nil {
		return err
	}
	switch {
	case made && printed:
		fmt.Fprintln(out, fields["password"])
	case made:
		fmt.Fprintf(out, "%s has the password %s\n", name, fields["password"])
	case !printed:
		fmt.Fprintf(out, "%s has the password that was given\n", name)
	}
	return nil
}

// shownUser is a user in the server's answer.
type shownUser struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Value  struct {
		Account  string `json:"account"`
		Role     string `json:"role"`
		Mail     string `json:"mail"`
		Until    string `json:"until"`
		Disabled bool   `json:"disabled"`
	} `json:"value"`
}

// listUsers prints a line for each user.
func (r *remote) listUsers(ctx context.Context, out io.Writer) error {
	list, err := allRows[shownUser](ctx, r, "/v1/config/users", "users")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "NAME", "ACCOUNT", "ROLE", "MAIL", "UNTIL", "SIGNS IN", "MADE")
	for i := range list {
		u := &list[i]
		may := "yes"
		if u.Value.Disabled {
			may = "no, disabled"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", u.Name, u.Value.Account, u.Value.Role, orDash(u.Value.Mail), orDash(u.Value.Until), may, u.Source)
	}
	return table.Flush()
}
