package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newLinkCmd makes `kurir link`.
func newLinkCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Show and control the links of a running Kurir",
		Long: `Show and control the links to operators of a running Kurir, over its REST interface. It takes an account that may
administrate (admin: true).

What a link is told outlasts a reload, and not a restart of the server, unless that is one of several: then every link of the file is opened.`,
	}
	r.flags(cmd)
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "Show all links", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.listLinks(cmd.Context(), cmd.OutOrStdout()) },
	}, &cobra.Command{
		Use: "show NAME", Short: "Show one link and its sessions", Args: oneArg("the name of one link", "kurir link list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.showLink(cmd.Context(), cmd.OutOrStdout(), http.MethodGet, args[0], "")
		},
	})
	var session number
	for _, action := range [][2]string{
		{"start", "Open a link that was stopped"},
		{"stop", "Close all sessions of a link; what waits for it takes the next link of its route or stays"},
		{"restart", "Close a link and open it anew, or one of its sessions with --session"},
		{"drain", "Grant a link no more messages; receipts and inbound messages are still taken"},
		{"resume", "Let a link that drains send again"},
	} {
		name := action[0]
		sub := &cobra.Command{
			Use: name + " NAME", Short: action[1], Args: oneArg("the name of one link", "kurir link list shows them"),
			RunE: func(cmd *cobra.Command, args []string) error {
				path := "/" + name
				switch {
				case name == "restart" && session != 0:
					path = fmt.Sprintf("/sessions/%d/restart", session)
				case name == "restart", name == "start":
					return r.openLink(cmd.Context(), cmd.OutOrStdout(), args[0], path, mostOpen)
				}
				return r.showLink(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, args[0], path)
			},
		}
		if name == "restart" {
			sub.Flags().Var(&session, "session", "only the session of this `number`, as kurir link show and the log have it")
		}
		cmd.AddCommand(sub)
	}
	cmd.AddCommand(newLinkTestCmd(r), newLinkUSSDCmd(r))
	return cmd
}

// shownLink is a link in the server's answer.
type shownLink struct {
	Name      string         `json:"name"`
	State     string         `json:"state"`
	Since     time.Time      `json:"since"`
	Queued    int64          `json:"queued"`
	InFlight  int            `json:"in_flight"`
	RateLimit float64        `json:"rate_limit"`
	RateShare *int           `json:"rate_share"`
	Taken     int64          `json:"taken"`
	Failed    int64          `json:"failed"`
	Throttled int64          `json:"throttled"`
	Receipts  int64          `json:"receipts"`
	Inbound   int64          `json:"inbound"`
	Sessions  []shownSession `json:"sessions"`
	Nodes     []shownHolder  `json:"nodes"`
}

// shownHolder is a server that holds sessions of a link.
type shownHolder struct {
	Name   string   `json:"name"`
	Open   int      `json:"open"`
	Leases []string `json:"leases"`
}

type shownSession struct {
	Session    uint32    `json:"session"`
	State      string    `json:"state"`
	Since      time.Time `json:"since"`
	Peer       string    `json:"peer"`
	Mode       string    `json:"mode"`
	Version    string    `json:"version"`
	Window     int       `json:"window"`
	WindowSize int       `json:"window_size"`
	In         float64   `json:"in_per_second"`
	Out        float64   `json:"out_per_second"`
	P50        float64   `json:"latency_p50_ms"`
	P99        float64   `json:"latency_p99_ms"`
	Error      string    `json:"error"`
	ErrorAt    time.Time `json:"error_at"`
}

// bound counts the sessions that are.
func (l *shownLink) bound() int {
	n := 0
	for i := range l.Sessions {
		if l.Sessions[i].State == "bound" {
			n++
		}
	}
	return n
}

// listLinks prints a line for each link.
func (r *remote) listLinks(ctx context.Context, out io.Writer) error {
	var reply struct{ Links []shownLink }
	if printed, err := r.answer(ctx, out, http.MethodGet, "/v1/links", nil, &reply); err != nil || printed {
		return err
	}
	table := newTable(out, "LINK", "STATE", "FOR", "SESSIONS", "QUEUED", "IN FLIGHT", "TAKEN", "FAILED", "THROTTLED", "RECEIPTS", "INBOUND")
	for i := range reply.Links {
		l := &reply.Links[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%d/%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", l.Name, l.State, ago(l.Since), l.bound(), len(l.Sessions),
			l.Queued, l.InFlight, l.Taken, l.Failed, l.Throttled, l.Receipts, l.Inbound)
	}
	return table.Flush()
}

// showLink asks for one link, or tells it what to do, and prints it.
func (r *remote) showLink(ctx context.Context, out io.Writer, method, name, path string) error {
	l := &shownLink{}
	if printed, err := r.answer(ctx, out, method, "/v1/links/"+url.PathEscape(name)+path, nil, l); err != nil || printed {
		return err
	}
	return l.print(out)
}

// openLink tells a link to open sessions, waits for at most so long until it is
// known what came of that, and prints it.
func (r *remote) openLink(ctx context.Context, out io.Writer, name, path string, most time.Duration) error {
	at := "/v1/links/" + url.PathEscape(name)
	var answer json.RawMessage
	if err := r.do(ctx, http.MethodPost, at+path, nil, &answer); err != nil {
		return err
	}
	for end := time.Now().Add(most); ; {
		l := &shownLink{}
		if err := json.Unmarshal(answer, l); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		if !l.connecting() || time.Now().After(end) || ctx.Err() != nil {
			if r.printed(out, answer) {
				return nil
			}
			return l.print(out)
		}
		pause(ctx, pollOpen)
		if err := r.do(ctx, http.MethodGet, at, nil, &answer); err != nil {
			return err
		}
	}
}

const (
	mostOpen = 2 * time.Second // that a link is waited for which was told to open sessions
	pollOpen = 50 * time.Millisecond
)

// connecting tells whether nothing is known yet of what becomes of a link: it is
// not up, and none of its sessions has failed.
func (l *shownLink) connecting() bool {
	for i := range l.Sessions {
		if l.Sessions[i].State == "down" {
			return false
		}
	}
	waits := func(s shownSession) bool { return s.State != "bound" && s.State != "elsewhere" }
	return slices.ContainsFunc(l.Sessions, waits)
}

func (l *shownLink) print(out io.Writer) error {
	fmt.Fprintf(out, "%s is %s for %s: %d queued, %d in flight", l.Name, l.State, ago(l.Since), l.Queued, l.InFlight)
	if l.RateShare != nil {
		fmt.Fprintf(out, ", %d/s of its rate are this server's", *l.RateShare)
	}
	if l.RateLimit > 0 && (l.RateShare == nil || *l.RateShare > 0) {
		fmt.Fprintf(out, ", %.4g/s at most now", l.RateLimit)
	}
	fmt.Fprintf(out, "\nsince the start: %d taken, %d failed, %d throttled, %s, %d inbound\n", l.Taken, l.Failed, l.Throttled,
		count(int(l.Receipts), "receipt"), l.Inbound)
	for i := range l.Nodes {
		n := &l.Nodes[i]
		fmt.Fprintf(out, "server %s has %s open and holds %s\n", n.Name, count(n.Open, "session"), orDash(strings.Join(n.Leases, " ")))
	}
	table := newTable(out, "SESSION", "STATE", "FOR", "PEER", "MODE", "VERSION", "WINDOW", "IN/S", "OUT/S", "P50 MS", "P99 MS", "LAST ERROR")
	for i := range l.Sessions {
		s := &l.Sessions[i]
		window, trouble := "-", "-"
		if s.WindowSize > 0 {
			window = fmt.Sprintf("%d/%d", s.Window, s.WindowSize)
		}
		if s.Error != "" {
			trouble = fmt.Sprintf("%s ago: %s", ago(s.ErrorAt), strings.ReplaceAll(s.Error, "\n", "; "))
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t%.1f\t%.4g\t%.4g\t%s\n", s.Session, s.State, ago(s.Since), orDash(s.Peer), s.Mode, s.Version, window,
			s.In, s.Out, s.P50, s.P99, trouble)
	}
	return table.Flush()
}
