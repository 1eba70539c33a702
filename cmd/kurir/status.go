package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sort"
	"time"

	"github.com/spf13/cobra"
)

// newStatusCmd makes `kurir status`.
func newStatusCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how a running Kurir is: links, sessions, rates, queues, disk",
		Long: `Show on one screen how a running Kurir is, over its REST interface: version, uptime, whether it is ready, rates of the last ten
seconds, the servers that share its database, links, customers' sessions, queues, disk. It takes an account that may administrate (admin: true).`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.status(cmd.Context(), cmd.OutOrStdout()) },
	}
	r.flags(cmd)
	cmd.AddCommand(newStatusAlarmsCmd(r), newStatusAckCmd(r))
	return cmd
}

// shownStatus is the server's answer.
type shownStatus struct {
	Version  string             `json:"version"`
	Uptime   float64            `json:"uptime_seconds"`
	Ready    bool               `json:"ready"`
	Reason   string             `json:"reason"`
	Open     int                `json:"open_in_memory"`
	Waiting  int64              `json:"waiting_for_links"`
	Owed     int64              `json:"owed_on_disk"`
	Sessions int                `json:"customers_sessions"`
	Rates    map[string]float64 `json:"per_second"`
	Disk     struct {
		Database uint64 `json:"database_bytes"`
		WAL      uint64 `json:"wal_bytes"`
		Free     uint64 `json:"free_bytes"`
	} `json:"disk"`
	Engine string `json:"database"`
	Risk   string `json:"database_risk"`
	Clock  string `json:"clock"`
	Mail   *struct {
		Phones *struct {
			Listening                                       bool
			Connections, Accepted, Later, Refused, Messages int64
		} `json:"to_phones"`
		People *struct{ Waiting, Sent, Later, Refused int64 } `json:"to_people"`
	} `json:"mail"`
}

// shownCustomer is a customer's session in the server's answer.
type shownCustomer struct {
	ID         uint64      `json:"id"`
	Account    string      `json:"account"`
	Peer       string      `json:"peer"`
	Mode       string      `json:"mode"`
	Version    string      `json:"version"`
	Since      time.Time   `json:"since"`
	Submits    shownWindow `json:"submits"`
	Deliveries shownWindow `json:"deliveries"`
	SubmitRate float64     `json:"submits_per_second"`
	Latency    *struct {
		P50 float64 `json:"p50_ms"`
		P99 float64 `json:"p99_ms"`
	} `json:"latency"`
	LastError *struct {
		Status string    `json:"status"`
		At     time.Time `json:"at"`
	} `json:"last_error"`
}

type shownWindow struct {
	InUse int `json:"in_use"`
	Size  int `json:"window"`
}

// statusRows is how many rows of a table fit on the screen; the busiest come
// first.
const statusRows = 15

// status asks for everything and prints it.
func (r *remote) status(ctx context.Context, out io.Writer) error {
	s := &shownStatus{}
	if printed, err := r.answer(ctx, out, http.MethodGet, "/v1/status", nil, s); err != nil || printed {
		return err
	}
	s.print(out)
	fmt.Fprintln(out)
	if err := r.statusNodes(ctx, out); err != nil {
		return err
	}
	if err := r.statusAlarms(ctx, out); err != nil {
		return err
	}
	if err := r.listLinks(ctx, out); err != nil {
		return err
	}
	if err := r.statusSessions(ctx, out); err != nil {
		return err
	}
	return r.statusQueues(ctx, out)
}

func (s *shownStatus) print(out io.Writer) {
	ready := "ready"
	if !s.Ready {
		ready = "not ready: " + s.Reason
	}
	began := time.Now().Add(-time.Duration(s.Uptime) * time.Second)
	fmt.Fprintf(out, "kurir %s, up %s, %s\n", s.Version, ago(began), ready)
	fmt.Fprintf(out, "messages under way in memory: %d, waiting for links: %d; states and inbound messages owed on disk: %d; customers' sessions: %d\n",
		s.Open, s.Waiting, s.Owed, s.Sessions)
	fmt.Fprintf(out, "disk: database %s, log %s, free %s\n", size(s.Disk.Database), size(s.Disk.WAL), size(s.Disk.Free))
	if s.Risk != "" {
		fmt.Fprintf(out, "database: %s\n", s.Risk)
	} else if s.Engine == "postgres" {
		fmt.Fprintln(out, "database: losing its server loses no accepted message")
	}
	if s.Clock != "" {
		fmt.Fprintf(out, "clock: %s\n", s.Clock)
	}
	s.printMail(out)
	fmt.Fprint(out, "a second, over the last ten:")
	for i, name := range []string{"accepted", "refused", "taken", "failed", "receipts", "delivered", "inbound", "told", "tell_failed"} {
		if i > 0 {
			fmt.Fprint(out, ",")
		}
		fmt.Fprintf(out, " %s %.4g", name, s.Rates[name])
	}
	fmt.Fprintln(out)
}

// printMail prints how mail is, where it is configured.
func (s *shownStatus) printMail(out io.Writer) {
	if s.Mail == nil {
		return
	}
	if p := s.Mail.Phones; p != nil {
		state := "taken"
		if !p.Listening {
			state = "not taken"
		}
		fmt.Fprintf(out, "mails to phones: %s, connections: %d; since the start accepted %d (messages: %d), put off %d, refused %d\n",
			state, p.Connections, p.Accepted, p.Messages, p.Later, p.Refused)
	}
	if p := s.Mail.People; p != nil {
		fmt.Fprintf(out, "mails to people: waiting %d; since the start sent %d, tried again %d, refused %d\n", p.Waiting, p.Sent, p.Later, p.Refused)
	}
}

// statusSessions prints customers' sessions.
func (r *remote) statusSessions(ctx context.Context, out io.Writer) error {
	list, err := allRows[shownCustomer](ctx, r, "/v1/sessions?limit=1000&sort=-submits", "sessions")
	if err != nil || len(list) == 0 {
		return err
	}
	table := newTable(out, "\nCUSTOMER", "ID", "PEER", "MODE", "VERSION", "FOR", "SUBMITS/S", "SUBMITS", "DELIVERIES", "P50", "P99", "LAST ERROR")
	for i := range list[:min(len(list), statusRows)] {
		s := &list[i]
		p50, p99, trouble := "-", "-", "-"
		if s.Latency != nil {
			p50, p99 = fmt.Sprintf("%.3gms", s.Latency.P50), fmt.Sprintf("%.3gms", s.Latency.P99)
		}
		if s.LastError != nil {
			trouble = fmt.Sprintf("%s ago: %s", ago(s.LastError.At), s.LastError.Status)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%.4g\t%d/%d\t%d/%d\t%s\t%s\t%s\n", s.Account, s.ID, s.Peer, s.Mode, s.Version, ago(s.Since),
			s.SubmitRate, s.Submits.InUse, s.Submits.Size, s.Deliveries.InUse, s.Deliveries.Size, p50, p99, trouble)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return more(out, len(list))
}

// statusQueues prints the queues in which something is owed.
func (r *remote) statusQueues(ctx context.Context, out io.Writer) error {
	list, err := allRows[shownQueue](ctx, r, "/v1/queues?limit=1000&sort=-owed", "queues")
	if err != nil {
		return err
	}
	list = list[:sort.Search(len(list), func(i int) bool { return list[i].Owed == 0 })]
	if len(list) == 0 {
		return nil
	}
	table := newTable(out, "\nOWED TO", "KIND", "OWED", "IN FLIGHT", "OLDEST", "THERE")
	for i := range list[:min(len(list), statusRows)] {
		q := &list[i]
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\n", orDash(q.Account), q.Kind, q.Owed, q.InFlight, ago(q.Oldest), yesNo(q.Present))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return more(out, len(list))
}

// more says how many rows were left out.
func more(out io.Writer, rows int) error {
	if rows > statusRows {
		fmt.Fprintf(out, "and %d more\n", rows-statusRows)
	}
	return nil
}

// size is a number of octets for people.
func size(n uint64) string {
	for _, unit := range []struct {
		at   uint64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.at {
			return fmt.Sprintf("%.3g %s", float64(n)/float64(unit.at), unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
