package api

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kurir/account"
	"kurir/gateway"
)

// mostAccounts is how many accounts have metrics of their own, the first of the
// file; the others share the label "other", for each value costs whoever
// collects metrics.
const (
	mostAccounts  = 200
	otherAccounts = "other"
)

// AccountMetrics are the figures per account and of customers' sessions on
// /metrics, read when somebody asks. All fields are required.
type AccountMetrics struct {
	Accounts func() *account.Directory
	Server   *Sessions
	Owed     func(ctx context.Context, account string) ([]gateway.OwedQueue, error)
}

// accountSum is what is summed up for one label.
type accountSum struct {
	sessions, submitted, delivering int
	submits                         int64
	pduRate, p99                    float64
	owed                            map[string]int64 // by kind
}

var (
	accountSessions = prometheus.NewDesc("kurir_account_sessions", "SMPP sessions of the customer.", []string{"account"}, nil)
	accountSubmits  = prometheus.NewDesc("kurir_account_submits_total", "Messages that the customer gave us over SMPP.", []string{"account"}, nil)
	accountPDUs     = prometheus.NewDesc("kurir_account_pdus_per_second", "PDUs a second of the customer's sessions, both ways.", []string{"account"}, nil)
	accountWaiting  = prometheus.NewDesc("kurir_account_unanswered", "Requests of the customer's sessions without an answer.", []string{"account", "direction"}, nil)
	accountP99      = prometheus.NewDesc("kurir_account_deliver_p99_seconds", "Within what time 99 of 100 deliver_sm's are answered, of the slowest session.", []string{"account"}, nil)
	accountOwed     = prometheus.NewDesc("kurir_account_owed", "States and inbound messages owed to the customer.", []string{"account", "kind"}, nil)
)

// Describe implements prometheus.Collector.
func (m *AccountMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{accountSessions, accountSubmits, accountPDUs, accountWaiting, accountP99, accountOwed} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *AccountMetrics) Collect(ch chan<- prometheus.Metric) {
	sums := map[string]*accountSum{}
	labels := map[string]string{}
	for i, a := range m.Accounts().All() {
		labels[a.Name] = a.Name
		if i >= mostAccounts {
			labels[a.Name] = otherAccounts
		}
	}
	of := func(name string) *accountSum {
		label, known := labels[name]
		if !known {
			label = otherAccounts
		}
		if sums[label] == nil {
			sums[label] = &accountSum{owed: map[string]int64{}}
		}
		return sums[label]
	}
	for name := range labels {
		of(name)
	}
	for _, s := range m.Server.List() {
		a := of(s.Account)
		a.sessions++
		a.submitted += s.Submitted
		a.delivering += s.Delivering
		a.pduRate += s.PDUs
		a.p99 = max(a.p99, s.P99.Seconds())
	}
	for name, n := range m.Server.submitTotals() {
		of(name).submits += n
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	queues, _ := m.Owed(ctx, "") // what cannot be read is not shown
	for _, q := range queues {
		of(q.Account).owed[q.Kind.String()] += q.Owed
	}
	for label, a := range sums {
		a.collect(ch, label)
	}
}

func (a *accountSum) collect(ch chan<- prometheus.Metric, label string) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{label}, labels...)...)
	}
	gauge(accountSessions, float64(a.sessions))
	ch <- prometheus.MustNewConstMetric(accountSubmits, prometheus.CounterValue, float64(a.submits), label)
	gauge(accountPDUs, a.pduRate)
	gauge(accountWaiting, float64(a.submitted), "submit")
	gauge(accountWaiting, float64(a.delivering), "deliver")
	gauge(accountP99, a.p99)
	for kind, n := range a.owed {
		gauge(accountOwed, float64(n), kind)
	}
}
