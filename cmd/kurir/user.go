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
		Short: "Show, make, invite and delete the people who sign in to the web pages, and let in who is locked out",
		Long: `Show, make, invite and delete the people who sign in to the web pages of a running Kurir, over the REST interface, and let in who
is locked out: give a password or a link, end sessions, take a second factor away. An account does that with its own users, one
that may administrate (admin: true) with all. Fields of those that stand in the file are changed there only. Nobody's password is
shown; one that is made is printed once.`,
	}
	r.flags(cmd)
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List the users", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.listUsers(cmd.Context(), cmd.OutOrStdout())
		},
	}, r.addUserCmd(), r.inviteUserCmd(), r.userPasswordCmd(), r.userSessionsCmd(), r.endUserCmd(), r.resetUserCmd(), &cobra.Command{
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

func userPath(name string) string { return "/v1/users/" + url.PathEscape(name) }

// addUserCmd makes `kurir user add`.
func (r *remote) addUserCmd() *cobra.Command {
	var account, role, mail, language, until, from string
	var invite bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make a user", Args: oneArg("the name of one user", "choose one"),
		Example: `  kurir user add anna --account acme
  kurir user add eva --account acme --mail eva@example.se --invite
  kurir user add olle --account acme --role system --password-file -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			fields := map[string]string{"name": args[0], "role": role}
			for field, value := range map[string]string{"account": account, "mail": mail, "language": language, "until": until} {
				if value != "" {
					fields[field] = value
				}
			}
			if invite {
				if err := r.do(cmd.Context(), http.MethodPost, "/v1/users", fields, nil); err != nil {
					return err
				}
				return r.inviteUser(cmd.Context(), cmd.OutOrStdout(), args[0])
			}
			password, made, err := userPassword(cmd.InOrStdin(), from)
			if err != nil {
				return err
			}
			fields["password"] = password
			return r.setUser(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, "/v1/users", fields, args[0], made)
		},
	}
	f := cmd.Flags()
	f.StringVar(&account, "account", "", "the `account` whose messages the user sends and sees (default: the one that asks)")
	f.StringVar(&role, "role", "sender", "what the user may do: sender, groups, manager, project, operator, support, auditor or `system`")
	f.BoolVar(&invite, "invite", false, "give no password but a link, by which the user chooses one")
	f.StringVar(&mail, "mail", "", "the user's mail `address`")
	f.StringVar(&language, "language", "", "of the pages: en or `sv` (default: the browser's)")
	f.StringVar(&until, "until", "", "a `time` or day from which the user may not sign in any more")
	passwordFlag(cmd, &from)
	cmd.MarkFlagsMutuallyExclusive("invite", "password-file")
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
