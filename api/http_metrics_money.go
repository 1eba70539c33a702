package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"kurir/gateway"
)

// MoneyMetrics are the balances on /metrics, read when somebody asks; accounts
// without one have none.
type MoneyMetrics struct {
	Balances func(account string) []gateway.BalanceState
}

var (
	balanceNow       = prometheus.NewDesc("kurir_balance", "Balance of the account, in units of its currency.", []string{"account", "currency"}, nil)
	balanceAvailable = prometheus.NewDesc("kurir_balance_available", "Balance of the account and its credit, in units of its currency.", []string{"account", "currency"}, nil)
	balanceReserved  = prometheus.NewDesc("kurir_balance_reserved", "What is reserved of the balance for messages under way, in units of its currency.", []string{"account", "currency"}, nil)
	balanceCharged   = prometheus.NewDesc("kurir_balance_charged_total", "What was charged to the balance, in units of its currency.", []string{"account", "currency"}, nil)
)

// Describe implements prometheus.Collector.
func (m *MoneyMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{balanceNow, balanceAvailable, balanceReserved, balanceCharged} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Metrics are floating-point numbers:
// they show an amount, and nothing is counted with them.
func (m *MoneyMetrics) Collect(ch chan<- prometheus.Metric) {
	n := 0
	for _, b := range m.Balances("") {
		if !b.Has {
			continue
		}
		if n++; n > mostAccounts {
			return
		}
		for desc, amount := range map[*prometheus.Desc]float64{
			balanceNow: float64(b.Balance), balanceAvailable: float64(b.Balance + b.Credit), balanceReserved: float64(b.Reserved),
		} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, amount/1e6, b.Account, b.Currency)
		}
		ch <- prometheus.MustNewConstMetric(balanceCharged, prometheus.CounterValue, float64(b.Charged)/1e6, b.Account, b.Currency)
	}
}
