package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// shownNode is a server in the server's answer.
type shownNode struct {
	Name    string    `json:"name"`
	Number  int       `json:"number"`
	Self    bool      `json:"self"`
	State   string    `json:"state"`
	Renewed time.Time `json:"renewed"`
	Host    string    `json:"host"`
	Process int       `json:"process"`
	Version string    `json:"version"`
	File    string    `json:"file"`
	Differs bool      `json:"file_differs"`
	Leases  []string  `json:"leases"`
	Ahead   float64   `json:"clock_ahead_seconds"`
}

// statusNodes prints the servers that share the database; nothing where there
// is one.
func (r *remote) statusNodes(ctx context.Context, out io.Writer) error {
	var reply struct{ Nodes []shownNode }
	if printed, err := r.answer(ctx, out, http.MethodGet, "/v1/nodes", nil, &reply); err != nil || printed {
		return err
	}
	if len(reply.Nodes) < 2 {
		return nil
	}
	table := newTable(out, "NODE", "NUMBER", "STATE", "RENEWED", "HOST", "PROCESS", "VERSION", "FILE", "HOLDS")
	for i := range reply.Nodes {
		n := &reply.Nodes[i]
		name := n.Name
		if n.Self {
			name += " (this)"
		}
		holds := strings.Join(n.Leases, " ")
		file := orDash(n.File)
		if n.Differs {
			file += " DIFFERS"
		}
		if n.Ahead != 0 {
			n.State += fmt.Sprintf(", clock %+.4gs", n.Ahead)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", name, n.Number, n.State, ago(n.Renewed), n.Host, n.Process, n.Version, file, orDash(holds))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return nil
}
