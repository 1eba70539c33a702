package api

import (
	"github.com/prometheus/client_golang/prometheus"
)

// SMTPMetrics are the figures of the mails that become messages, on /metrics.
func SMTPMetrics(s *SMTPServer) []prometheus.Collector {
	count := func(name, help string, labels prometheus.Labels, read func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return float64(read()) })
	}
	const mails = "Mails to phones, by what became of them: accepted, later (4xx) or refused (5xx)."
	var causes []prometheus.Collector
	for c := range smtpCauses {
		causes = append(causes, count("kurir_smtp_refusals_total", "Mails, and authors and recipients of mails, that were put off or refused, by cause.",
			prometheus.Labels{"cause": c.String()}, s.counts.causes[c].Load))
	}
	return append(causes, []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "kurir_smtp_connections", Help: "Connections of clients that send mail."}, func() float64 {
			return float64(len(s.open()))
		}),
		count("kurir_smtp_mails_total", mails, prometheus.Labels{"result": "accepted"}, s.counts.mails.Load),
		count("kurir_smtp_mails_total", mails, prometheus.Labels{"result": "later"}, s.counts.later.Load),
		count("kurir_smtp_mails_total", mails, prometheus.Labels{"result": "refused"}, s.counts.never.Load),
		count("kurir_smtp_messages_total", "Messages that mails became.", nil, s.counts.messages.Load),
		count("kurir_smtp_commands_refused_total", "Authors and recipients of mails that were refused.", nil, s.counts.refused.Load),
		count("kurir_smtp_automatic_answers_total", "Automatic answers by mail that were not sent to phones.", nil, s.counts.dropped.Load),
		count("kurir_smtp_sign_ins_failed_total", "Sign-ins of clients that send mail that failed.", nil, s.counts.signIns.Load),
	}...)
}
