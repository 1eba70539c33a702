package api

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// Status says how the whole server is: /v1/status. All fields but Mail are required;
// Run must run.
type Status struct {
	Version string
	Began   time.Time
	Gateway func() gateway.Stats      // Gateway.Stats
	Store   func() gateway.StoreStats // Gateway.StoreStats
	Free    func() (uint64, error)    // octets that the data folder's disk has left
	Mail    func() MailStatus         // nil for none

	mu      sync.Mutex
	samples []totals // oldest first, at most historyMost
}

const (
	rateOver  = 10 * time.Second
	rateEvery = 2 * time.Second

	rateSamples = int(rateOver / rateEvery)
	// historyMost is how many samples are kept: those of the ten minutes that /v1/status/traffic shows.
	historyMost = int(10*time.Minute/rateEvery) + 1
)

// totals are counters at a time.
type totals struct {
	at                                       time.Time
	accepted, refused, taken, failed, final  int64
	receipts, inbound, told, failedTell, did int64
	failures                                 [message.FailureKinds]int64
}

// Run counts, so that there are rates, until ctx ends.
func (s *Status) Run(ctx context.Context) {
	t := time.NewTicker(rateEvery)
	defer t.Stop()
	for {
		s.sample()
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Status) sample() {
	g := s.Gateway()
	now := totalsOf(&g)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, now)
	if len(s.samples) > historyMost {
		s.samples = append(s.samples[:0], s.samples[1:]...)
	}
}

func totalsOf(g *gateway.Stats) totals {
	t := totals{at: time.Now(), accepted: g.Accepted, refused: g.Refused, told: g.Told, failedTell: g.TellFailed, failures: g.Failures}
	for i := range g.Links {
		l := &g.Links[i]
		t.taken += l.Taken
		t.failed += l.Failed
		t.receipts += l.Receipts
		t.inbound += l.Inbound
	}
	for state, n := range g.Final {
		t.final += n
		if state == message.Delivered || state == message.Sent {
			t.did += n
		}
	}
	return t
}

// rates are so many a second over the last rateOver.
type rates struct {
	Accepted   float64 `json:"accepted"`
	Refused    float64 `json:"refused"`
	Taken      float64 `json:"taken"`
	Failed     float64 `json:"failed"`
	Receipts   float64 `json:"receipts"`
	Inbound    float64 `json:"inbound"`
	Final      float64 `json:"final"`
	Delivered  float64 `json:"delivered"`
	Told       float64 `json:"told"`
	TellFailed float64 `json:"tell_failed"`
}

func (s *Status) rates(g *gateway.Stats) rates {
	now := totalsOf(g)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 {
		return rates{}
	}
	then := s.samples[max(0, len(s.samples)-1-rateSamples)]
	seconds := math.Max(now.at.Sub(then.at).Seconds(), rateEvery.Seconds()/2)
	per := func(now, then int64) float64 { return rounded(float64(now-then) / seconds) }
	return rates{
		Accepted: per(now.accepted, then.accepted), Refused: per(now.refused, then.refused), Taken: per(now.taken, then.taken),
		Failed: per(now.failed, then.failed), Receipts: per(now.receipts, then.receipts), Inbound: per(now.inbound, then.inbound),
		Final: per(now.final, then.final), Delivered: per(now.did, then.did), Told: per(now.told, then.told),
		TellFailed: per(now.failedTell, then.failedTell),
	}
}

// statusView is the answer of /v1/status.
type statusView struct {
	Version  string  `json:"version"`
	Began    string  `json:"began"`
	Uptime   float64 `json:"uptime_seconds"`
	Ready    bool    `json:"ready"`
	Reason   string  `json:"reason,omitempty"`
	Open     int     `json:"open_in_memory"`
	Waiting  int64   `json:"waiting_for_links"`
	Owed     int64   `json:"owed_on_disk"`
	Sessions int     `json:"customers_sessions"`
	Rates    rates   `json:"per_second"`
	Disk     struct {
		Database int64  `json:"database_bytes"`
		WAL      int64  `json:"wal_bytes"`
		Free     uint64 `json:"free_bytes"`
	} `json:"disk"`
	CommitLongest float64     `json:"commit_longest_ms"`
	Engine        string      `json:"database"`
	Risk          string      `json:"database_risk,omitempty"`
	Mail          *MailStatus `json:"mail,omitempty" doc:"left out where no mail is configured"`
	Clock         string      `json:"clock,omitempty" doc:"what is wrong with the clock of this server, that is off from the database's by a second or more"`
}

// statusPaths registers the state of the server.
func (s *httpServer) statusPaths() {
	s.coursePaths()
	s.rest("/v1/status", methods{http.MethodGet: admins(account.LinksRead, s.getStatus)})
	s.describe("GET /v1/status", description{
		name: "getStatus", summary: "How the server is: what waits, rates of the last ten seconds, disk",
		answers: map[int]any{http.StatusOK: statusView{}}, examples: []example{{call: "/v1/status"}},
	})
}

// getStatus is GET /v1/status, for admins.
func (s *httpServer) getStatus(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	g, st := s.Status.Gateway(), s.Status.Store()
	v := statusView{
		Version: s.Status.Version, Began: seenTime(s.Status.Began), Uptime: math.Round(time.Since(s.Status.Began).Seconds()), Ready: true,
		Open: g.OpenInMemory, Owed: st.Tables.Owed, Rates: s.Status.rates(&g), CommitLongest: milliseconds(st.CommitLongest),
	}
	v.Mail = s.mailStatus()
	if err := s.ready(); err != nil {
		v.Ready, v.Reason = false, err.Error()
	}
	for i := range g.Links {
		v.Waiting += g.Links[i].Queued
	}
	if s.Sessions.List != nil {
		v.Sessions = len(s.Sessions.List())
	}
	v.Engine, v.Risk = "sqlite", st.Safety.Problem()
	if st.Safety.Postgres {
		v.Engine = "postgres"
	}
	if s.Nodes != nil {
		if ahead := s.Nodes().Ahead; ahead.Abs() >= time.Second {
			v.Clock = clockWrong(ahead)
		}
	}
	v.Disk.Database, v.Disk.WAL = st.DatabaseBytes, st.WALBytes
	v.Disk.Free, _ = s.Status.Free() // 0 where the system does not say
	return answerJSON(w, &v)
}
