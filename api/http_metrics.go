package api

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"kurir/gateway"
	"kurir/modem"
)

// NewMetrics returns what /metrics shows: the gateway, its links, the store,
// the process and the Go runtime, read when somebody asks. gw and st are
// Gateway.Stats and Gateway.StoreStats.
func NewMetrics(gw func() gateway.Stats, st func() gateway.StoreStats) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&collector{gateway: gw, store: st},
	)
	return r
}

// StreamMetrics are the figures of answers that go on until somebody ends them.
func StreamMetrics(events *Events, traces *Traces) []prometheus.Collector {
	open := func(name, help string, count func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(count()) })
	}
	return []prometheus.Collector{
		open("kurir_event_streams", "Streams of events that are open.", events.Streams),
		open("kurir_trace_followers", "Requests that follow a trace of PDUs.", traces.Followers),
	}
}

// collector turns Stats into metrics.
type collector struct {
	gateway func() gateway.Stats
	store   func() gateway.StoreStats
}

// figure is one metric: its name, help, kind, and where its value is.
type figure[T any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*T) float64
}

func counter[T any](name, help string, read func(*T) float64, labels ...string) figure[T] {
	return figure[T]{prometheus.NewDesc("kurir_"+name, help, labels, nil), prometheus.CounterValue, read}
}

func gauge[T any](name, help string, read func(*T) float64, labels ...string) figure[T] {
	return figure[T]{prometheus.NewDesc("kurir_"+name, help, labels, nil), prometheus.GaugeValue, read}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var gatewayFigures = []figure[gateway.Stats]{
	counter("messages_accepted_total", "Messages accepted and on disk.", func(s *gateway.Stats) float64 { return float64(s.Accepted) }),
	counter("messages_refused_total", "Messages refused when they came.", func(s *gateway.Stats) float64 { return float64(s.Refused) }),
	counter("messages_unpaid_total", "Of the messages refused those for want of money or because a limit was reached.", func(s *gateway.Stats) float64 { return float64(s.Unpaid) }),
	counter("messages_unwatched_total", "Recipients and texts that an account's traffic could not watch because a million are.", func(s *gateway.Stats) float64 { return float64(s.Unwatched) }),
	counter("messages_uncertain_total", "Messages granted to a session that ended without an answer.", func(s *gateway.Stats) float64 { return float64(s.Uncertain) }),
	counter("told_total", "States and inbound messages acknowledged by customers.", func(s *gateway.Stats) float64 { return float64(s.Told) }),
	counter("tell_failed_total", "Attempts to tell a customer that failed.", func(s *gateway.Stats) float64 { return float64(s.TellFailed) }),
	counter("tell_given_up_total", "States and inbound messages that no customer took in time.", func(s *gateway.Stats) float64 { return float64(s.ToldGivenUp) }),
	counter("answers_held_total", "Automatic answers and forwarded messages that were not sent: too many to one phone, or refused.", func(s *gateway.Stats) float64 { return float64(s.AnswersHeld) }),
	counter("inbound_unowned_total", "Messages from phones that are no account's and go nowhere.", func(s *gateway.Stats) float64 { return float64(s.InboundUnowned) }),
	counter("receipts_held_total", "Receipts that came before the answer they belong to.", func(s *gateway.Stats) float64 { return float64(s.ReceiptsHeld) }),
	counter("receipts_repeated_total", "Receipts that said what was known.", func(s *gateway.Stats) float64 { return float64(s.ReceiptsRepeated) }),
	counter("receipts_unknown_total", "Receipts that match no message.", func(s *gateway.Stats) float64 { return float64(s.ReceiptsUnknown) }),
	counter("receipts_ambiguous_total", "Receipts that may be of several messages.", func(s *gateway.Stats) float64 { return float64(s.ReceiptsAmbiguous) }),
	counter("repeated_total", "Messages sent by the next link after a negative or missing receipt.", func(s *gateway.Stats) float64 { return float64(s.Repeated) }),
	counter("double_delivered_total", "Of them those that arrived twice, by their receipts.", func(s *gateway.Stats) float64 { return float64(s.DoubleDelivered) }),
	counter("receipts_contradicting_total", "Receipts with another final state than the one that stands.", func(s *gateway.Stats) float64 { return float64(s.ReceiptsContradicting) }),
	counter("alerts_passed_total", "Notifications of phones handed on to SMPP customers.", func(s *gateway.Stats) float64 { return float64(s.AlertsPassed) }),
	counter("alerts_dropped_total", "Notifications of phones of which no customer was told because there were too many.", func(s *gateway.Stats) float64 { return float64(s.AlertsDropped) }),
	gauge("receipts_held", "Receipts that wait for their message.", func(s *gateway.Stats) float64 { return float64(s.HeldNow) }),
	gauge("messages_in_memory", "Messages on their way that are in memory.", func(s *gateway.Stats) float64 { return float64(s.OpenInMemory) }),
	gauge("escalations_open", "Messages to rotas that nobody has taken yet.", func(s *gateway.Stats) float64 { return float64(s.Escalations) }),
	gauge("writable", "1 while the database can be written.", func(s *gateway.Stats) float64 { return truth(s.Writable) }),
}

var finalDesc = prometheus.NewDesc("kurir_messages_final_total", "Messages by their final state.", []string{"state"}, nil)

var linkFigures = []figure[gateway.LinkStats]{
	gauge("link_up", "1 while the link has a session.", func(l *gateway.LinkStats) float64 { return truth(l.Up) }, "link"),
	gauge("link_alarm", "1 while the link is down, and that is neither wanted nor tolerated.", func(l *gateway.LinkStats) float64 { return truth(l.Alarm()) }, "link"),
	gauge("link_sessions", "Sessions of the link that this server has.", func(l *gateway.LinkStats) float64 { return float64(l.Bound()) }, "link"),
	gauge("link_queued", "Messages that wait for the link, in memory and on disk.", func(l *gateway.LinkStats) float64 { return float64(l.Queued) }, "link"),
	gauge("link_queued_in_memory", "Messages that wait for the link in memory.", func(l *gateway.LinkStats) float64 { return float64(l.QueuedInMemory) }, "link"),
	gauge("link_in_flight", "Parts granted to the link's sessions and not answered.", func(l *gateway.LinkStats) float64 { return float64(l.InFlight) }, "link"),
	gauge("link_rate_limit", "Parts a second that the link takes now, 0 for no limit.", func(l *gateway.LinkStats) float64 { return l.Rate }, "link"),
	counter("link_taken_total", "Messages that the operator took.", func(l *gateway.LinkStats) float64 { return float64(l.Taken) }, "link"),
	counter("link_failed_total", "Messages that the operator did not take.", func(l *gateway.LinkStats) float64 { return float64(l.Failed) }, "link"),
	counter("link_throttled_total", "Times that the operator asked for less speed.", func(l *gateway.LinkStats) float64 { return float64(l.Throttled) }, "link"),
	counter("link_receipts_unmatched_total", "Receipts that came by the link and belong to no message.", func(l *gateway.LinkStats) float64 { return float64(l.ReceiptsUnmatched) }, "link"),
	counter("link_alerts_total", "Notifications that a phone can be reached again.", func(l *gateway.LinkStats) float64 { return float64(l.Alerts) }, "link"),
	counter("link_receipts_total", "Receipts from the operator.", func(l *gateway.LinkStats) float64 { return float64(l.Receipts) }, "link"),
	counter("link_inbound_total", "Messages from phones.", func(l *gateway.LinkStats) float64 { return float64(l.Inbound) }, "link"),
}

// modemFigures are those of the GSM modems of links.
var modemFigures = []figure[gateway.ModemStats]{
	gauge("modem_ready", "1 while the modem can send.", func(m *gateway.ModemStats) float64 { return truth(m.State == modem.StateReady) }, "link", "modem"),
	gauge("modem_registered", "1 while the modem is in a network, its own or another.", func(m *gateway.ModemStats) float64 { return truth(m.Registration.Registered()) }, "link", "modem"),
	gauge("modem_roaming", "1 while that is another's network.", func(m *gateway.ModemStats) float64 { return truth(m.Registration.Roaming()) }, "link", "modem"),
	gauge("modem_signal_dbm", "Strength of the signal, -113 to -51; 0 where it is not known.", func(m *gateway.ModemStats) float64 {
		dbm, _ := m.DBm()
		return float64(dbm)
	}, "link", "modem"),
	gauge("modem_stored", "Messages in the modem's storage.", func(m *gateway.ModemStats) float64 { return float64(m.Used) }, "link", "modem"),
	gauge("modem_room", "How many messages that takes.", func(m *gateway.ModemStats) float64 { return float64(m.Total) }, "link", "modem"),
	gauge("modem_sent_today", "Parts that the SIM has sent today.", func(m *gateway.ModemStats) float64 { return float64(m.SentToday) }, "link", "modem"),
	counter("modem_restarts_total", "Times that the modem had to be opened anew.", func(m *gateway.ModemStats) float64 { return float64(m.Restarts) }, "link", "modem"),
}

var storeFigures = []figure[gateway.StoreStats]{
	gauge("store_database_bytes", "Size of the database file.", func(s *gateway.StoreStats) float64 { return float64(s.DatabaseBytes) }),
	gauge("store_wal_bytes", "Size of the write-ahead log.", func(s *gateway.StoreStats) float64 { return float64(s.WALBytes) }),
	counter("store_rows_total", "Rows written by commits.", func(s *gateway.StoreStats) float64 { return float64(s.Rows) }),
	counter("store_statements_total", "Statements of commits and housekeeping, with PostgreSQL.", func(s *gateway.StoreStats) float64 { return float64(s.Statements) }),
	counter("store_round_trips_total", "Times that a commit or housekeeping waited for PostgreSQL.", func(s *gateway.StoreStats) float64 { return float64(s.RoundTrips) }),
	gauge("store_commit_longest_seconds", "The longest commit since the start.", func(s *gateway.StoreStats) float64 { return s.CommitLongest.Seconds() }),
	counter("store_checkpoints_total", "Times that the write-ahead log was moved into the database.", func(s *gateway.StoreStats) float64 { return float64(s.Checkpoints) }),
	counter("store_checkpoint_seconds_total", "Seconds spent on moving the write-ahead log into the database.", func(s *gateway.StoreStats) float64 { return s.CheckpointTime.Seconds() }),
	gauge("store_waiting_rows", "Messages of links' queues that are on disk only.", func(s *gateway.StoreStats) float64 { return float64(s.Tables.Waiting) }),
	gauge("store_due_rows", "Messages for a later time.", func(s *gateway.StoreStats) float64 { return float64(s.Tables.Due) }),
	gauge("store_owed_rows", "States and inbound messages owed to customers, on disk.", func(s *gateway.StoreStats) float64 { return float64(s.Tables.Owed) }),
	gauge("store_outstanding_rows", "Operator ids whose receipt is awaited for long.", func(s *gateway.StoreStats) float64 { return float64(s.Tables.Outstanding) }),
	gauge("store_parts_rows", "Parts of inbound messages that wait for the others.", func(s *gateway.StoreStats) float64 { return float64(s.Tables.Parts) }),
	gauge("store_held_rows", "Receipts held on disk.", func(s *gateway.StoreStats) float64 { return float64(s.Tables.Held) }),
}

var commitDesc = prometheus.NewDesc("kurir_store_commit_seconds", "Time of a commit with its fdatasync.", nil, nil)

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range gatewayFigures {
		ch <- f.desc
	}
	for _, f := range linkFigures {
		ch <- f.desc
	}
	for _, f := range modemFigures {
		ch <- f.desc
	}
	for _, f := range storeFigures {
		ch <- f.desc
	}
	ch <- finalDesc
	ch <- commitDesc
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	g, st := c.gateway(), c.store()
	collect(ch, gatewayFigures, &g)
	collect(ch, storeFigures, &st)
	for state, n := range g.Final {
		ch <- prometheus.MustNewConstMetric(finalDesc, prometheus.CounterValue, float64(n), state.String())
	}
	for i := range g.Links {
		collect(ch, linkFigures, &g.Links[i], g.Links[i].Name)
		for n := range g.Links[i].Sessions {
			if m := g.Links[i].Sessions[n].Modem; m != nil {
				collect(ch, modemFigures, m, g.Links[i].Name, m.Name)
			}
		}
	}
	buckets := make(map[float64]uint64, len(gateway.CommitBounds))
	sum := uint64(0)
	for i, bound := range gateway.CommitBounds {
		sum += st.CommitBuckets[i]
		buckets[bound.Seconds()] = sum
	}
	ch <- prometheus.MustNewConstHistogram(commitDesc, st.Commits, st.CommitTime.Seconds(), buckets)
}

func collect[T any](ch chan<- prometheus.Metric, figures []figure[T], from *T, labels ...string) {
	for _, f := range figures {
		ch <- prometheus.MustNewConstMetric(f.desc, f.kind, f.read(from), labels...)
	}
}
