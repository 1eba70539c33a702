package api

import (
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// However many accounts there are, the number of metrics is bounded, and what
// is owed to any is in one of them.
func TestAccountMetricsBounded(t *testing.T) {
	t.Parallel()
	var accounts []account.Account
	var owed []gateway.OwedQueue
	for i := range 1000 {
		name := fmt.Sprintf("a%04d", i)
		accounts = append(accounts, account.Account{Name: name})
		owed = append(owed, gateway.OwedQueue{Account: name, Kind: message.SMPPTarget, Owed: 2})
	}
	owed = append(owed, gateway.OwedQueue{Account: "gone", Kind: message.SMPPTarget, Owed: 2})
	directory := account.NewDirectory(accounts, nil)
	r := prometheus.NewRegistry()
	r.MustRegister(&AccountMetrics{
		Accounts: func() *account.Directory { return directory },
		Server:   newSMPPServer(&smppFakeGateway{}, SMPPOptions{Accounts: func() *account.Directory { return directory }}).all,
		Owed:     func(context.Context, string) ([]gateway.OwedQueue, error) { return owed, nil },
	})
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if n := len(f.GetMetric()); n > 2*(mostAccounts+1) {
			t.Errorf("%s has %d metrics", f.GetName(), n)
		}
		if f.GetName() != "kurir_account_owed" {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue()
		}
	}
	if sum != 2*1001 {
		t.Errorf("%v owed in all, want %d", sum, 2*1001)
	}
}
