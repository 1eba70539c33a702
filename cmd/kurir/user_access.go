package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// inviteUserCmd makes `kurir user invite`.
func (r *remote) inviteUserCmd() *cobra.Command {
	return &cobra.Command{
		Use: "invite NAME", Short: "Print a link by which a user chooses a password, once; it goes by mail, too, where it can",
		Args: oneArg("the name of one user", "kurir user list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.inviteUser(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	}
}

func (r *remote) inviteUser(ctx context.Context, out io.Writer, name string) error {
	var v struct {
		Link, Until string
		Mailed      bool
		Why         string
	}
	printed, err := r.answer(ctx, out, http.MethodPost, userPath(name)+"/invite", struct{}{}, &v)
	if err != nil || printed {
		return err
	}
	if strings.HasPrefix(v.Link, "/") && len(r.options.servers) > 0 { // the server does not know its address
		v.Link = strings.TrimSuffix(r.options.servers[0], "/") + v.Link
	}
	fmt.Fprintf(out, "%s\nis good once, until %s", v.Link, v.Until)
	switch {
	case v.Mailed:
		fmt.Fprintln(out, "; it was sent by mail, too")
	default:
		fmt.Fprintf(out, "; it was not sent by mail: %s\n", v.Why)
	}
	return nil
}

// userSessionsCmd makes `kurir user sessions`.
func (r *remote) userSessionsCmd() *cobra.Command {
	return &cobra.Command{
		Use: "sessions NAME", Short: "Show where a user is signed in", Args: oneArg("the name of one user", "kurir user list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.listUserSessions(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	}
}

// endUserCmd makes `kurir user end`.
func (r *remote) endUserCmd() *cobra.Command {
	return &cobra.Command{
		Use: "end NAME [ID]", Short: "Sign a user out everywhere, or end one session", Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := userPath(args[0]) + "/sessions"
			if len(args) > 1 {
				path += "/" + url.PathEscape(args[1])
			}
			return r.done(cmd, path, args[0]+" is signed out")
		},
	}
}

// resetUserCmd makes `kurir user reset`.
func (r *remote) resetUserCmd() *cobra.Command {
	return &cobra.Command{
		Use: "reset NAME", Short: "Take a user's second factor away, for whoever has lost the device; the user's sessions end",
		Args: oneArg("the name of one user", "kurir user list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.done(cmd, userPath(args[0])+"/second-factor", args[0]+" has no second factor any more, and is signed out")
		},
	}
}

// done deletes something, and says what has come of it unless JSON is asked for.
func (r *remote) done(cmd *cobra.Command, path, said string) error {
	err := r.do(cmd.Context(), http.MethodDelete, path, nil, nil)
	if err == nil && !r.options.asDoc {
		fmt.Fprintln(cmd.OutOrStdout(), said)
	}
	return err
}
