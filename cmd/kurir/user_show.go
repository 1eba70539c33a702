package main

import (
	"context"
	"fmt"
	"io"
)

// shownUser is a user in the server's answer.
type shownUser struct {
	Name     string `json:"name"`
	Account  string `json:"account"`
	Role     string `json:"role"`
	Mail     string `json:"mail"`
	Until    string `json:"until"`
	State    string `json:"state"`
	Factor   string `json:"second_factor"`
	Sessions int    `json:"sessions"`
	Seen     string `json:"last_seen"`
	Source   string `json:"source"`
}

// listUsers prints a line for each user.
func (r *remote) listUsers(ctx context.Context, out io.Writer) error {
	list, err := allRows[shownUser](ctx, r, "/v1/users?limit=1000", "users")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "NAME", "ACCOUNT", "ROLE", "STATE", "FACTOR", "SESSIONS", "LAST USED", "MAIL", "UNTIL", "MADE")
	for i := range list {
		u, factor := &list[i], "no"
		if u.Factor != "" {
			factor = "yes"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n",
			u.Name, u.Account, u.Role, u.State, factor, u.Sessions, orDash(u.Seen), orDash(u.Mail), orDash(u.Until), u.Source)
	}
	return table.Flush()
}

// shownUserSession is where a user is signed in, in the server's answer.
type shownUserSession struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Agent   string `json:"agent"`
	Began   string `json:"began"`
	Seen    string `json:"last_seen"`
}

// listUserSessions prints a line for each session of a user.
func (r *remote) listUserSessions(ctx context.Context, out io.Writer, name string) error {
	list, err := allRows[shownUserSession](ctx, r, userPath(name)+"/sessions?limit=1000", "sessions")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "ID", "FROM", "BEGAN", "LAST USED", "BROWSER")
	for i := range list {
		s := &list[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.ID, s.Address, s.Began, s.Seen, orDash(s.Agent))
	}
	return table.Flush()
}
