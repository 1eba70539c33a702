package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"kurir/billing"
	"kurir/gateway"
	"kurir/message"
)

// fakeMoney answers for /v1/balances and /v1/prices.
type fakeMoney struct {
	topped []gateway.TopUp
	err    error
	again  bool
}

func (f *fakeMoney) balances(account string) []gateway.BalanceState {
	at := time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC)
	all := []gateway.BalanceState{
		{
			Account: "acme", Prices: "standard", Payer: "acme", Charge: "sent", Currency: "EUR", Has: true, Credit: 5_000_000, Balance: 12_500_000, Reserved: 35_000, Charged: 1, ToppedUp: 12_535_001,
			Limits: []gateway.LimitState{{Per: "hour", Most: 100, Had: 7, Until: at}, {Money: true, Per: "day", Most: 20_000_000, Had: 35_001, Until: at}},
		},
		{Account: "mute", Prices: "standard", Payer: "acme", Charge: "sent", Currency: "EUR"},
	}
	var list []gateway.BalanceState
	for _, b := range all {
		if account == "" || b.Account == account {
			list = append(list, b)
		}
	}
	return list
}

func (f *fakeMoney) handler() http.Handler {
	o := (&fakeGateway{}).options()
	o.Money = MoneyOptions{
		Balances: f.balances,
		TopUp: func(_ context.Context, t gateway.TopUp) (gateway.TopUpState, bool, error) {
			f.topped = append(f.topped, t)
			return gateway.TopUpState{Account: t.Account, Key: t.Key, At: 1_790_000_000_000, Amount: int64(t.Amount), Balance: 99, By: t.By, Note: t.Note}, f.again, f.err
		},
		TopUps: func(_ context.Context, account string, _ int) ([]gateway.TopUpState, error) {
			return []gateway.TopUpState{{Account: account, Key: "k", At: 1, Amount: 2, Balance: 2, By: "root"}}, nil
		},
		Prices: func(account string) []gateway.PriceRow {
			if account == "mute" {
				return nil
			}
			return []gateway.PriceRow{
				{List: "standard", Currency: "EUR", Price: billing.Price{Prefix: "46", Link: "op1", Amount: 35_000}},
				{List: "standard", Currency: "EUR", Price: billing.Price{Amount: 200_000, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
			}
		},
	}
	return NewHTTP(o)
}

// Balances and prices are shown to their accounts, all to admins.
func TestMoneyShown(t *testing.T) {
	t.Parallel()
	h := (&fakeMoney{}).handler()
	acme := `{"account":"acme","prices":"standard","paid_by":"acme","charge":"sent","currency":"EUR","balance":{"available":"17.50","balance":"12.50","credit":"5.00","reserved":"0.035","charged":"0.000001","topped_up":"12.535001"},` +
		`"limits":[{"of":"messages","per":"hour","most":"100","had":"7","until":"2026-11-05T08:00:00.000Z"},{"of":"money","per":"day","most":"20.00","had":"0.035001","until":"2026-11-05T08:00:00.000Z"}]}`
	for _, c := range []struct {
		key, path string
		status    int
		want      string
	}{
		{"root-key", "/v1/balances", 200, `{"balances":[` + acme + `,{"account":"mute","prices":"standard","paid_by":"acme","charge":"sent","currency":"EUR"}]}`},
		{"acme-key", "/v1/balances", 200, `{"balances":[` + acme + `]}`},
		{"acme-key", "/v1/balances/acme", 200, acme},
		{"acme-key", "/v1/balances/mute", 403, "not_admin"},
		{"acme-key", "/v1/balances/nobody", 403, "not_admin"},
		{"root-key", "/v1/balances/nobody", 404, "not_found"},
		{"root-key", "/v1/balances?parent=x", 200, `{"balances":[]}`},
		{"root-key", "/v1/balances/acme/topups", 200, `{"topups":[{"account":"acme","key":"k","at":"1970-01-01T00:00:00.001Z","amount":"0.000002","balance_after":"0.000002","by":"root"}]}`},
		{"acme-key", "/v1/prices", 200, `{"prices":[{"list":"standard","currency":"EUR","destination":"*","price":"0.20","from":"2026-01-01T00:00:00.000Z"},{"list":"standard","currency":"EUR","destination":"+46","link":"op1","price":"0.035"}]}`},
		{"acme-key", "/v1/prices?link=op1&sort=price", 200, `{"prices":[{"list":"standard","currency":"EUR","destination":"+46","link":"op1","price":"0.035"}]}`},
	} {
		w := ask(h, http.MethodGet, c.path, "", "Authorization", "Bearer "+c.key)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s\nwant %s", c.key, c.path, w.Code, w.Body, c.want)
		}
	}
}

// Only an admin tops up, with an exact amount and a key.
func TestTopUp(t *testing.T) {
	t.Parallel()
	const path = "/v1/balances/acme/topups"
	for _, c := range []struct {
		key, body, header string
		err               error
		again             bool
		status            int
		want              string
	}{
		{"acme-key", `{"amount":"1","key":"k"}`, "", nil, false, 403, "not_admin"},
		{"root-key", `{"amount":"100.00","key":"k","note":"invoice 7"}`, "", nil, false, 201, `"key":"k","at":"2026-09-21T14:13:20.000Z","amount":"100.00","balance_after":"0.000099","by":"root","note":"invoice 7"}`},
		{"root-key", `{"amount":"100.00"}`, "h", nil, true, 201, `"key":"h"`},
		{"root-key", `{"amount":"100.00","key":"f"}`, "", nil, true, 200, `"repeated":true`},
		{"root-key", `{"amount":"-5","key":"h"}`, "h", nil, false, 201, `"amount":"-5.00"`},
		{"root-key", `{"amount":"1","key":"k"}`, "h", nil, false, 422, "differ"},
		{"root-key", `{"amount":"1"}`, "", nil, false, 422, `"code":"required"`},
		{"root-key", `{"key":"k"}`, "", nil, false, 422, `"field":"amount","code":"required"`},
		{"root-key", `{"amount":"1,5","key":"k"}`, "", nil, false, 422, "an amount is expected"},
		{"root-key", `{"amount":"0.0","key":"k"}`, "", nil, false, 422, "the amount is 0"},
		{"root-key", `{"amount":1.5,"key":"k"}`, "", nil, false, 400, "wrong_type"},
		{"root-key", `{"amount":"1","key":"` + strings.Repeat("k", 256) + `"}`, "", nil, false, 422, "255 octets"},
		{"root-key", `{"amount":"1","key":"k"}`, "", gateway.ErrKeyTaken, true, 422, "key_taken"},
		{"root-key", `{"amount":"1","key":"k"}`, "", gateway.ErrNoBalance, false, 409, "no_balance"},
		{"root-key", `{"amount":"1","key":"k"}`, "", gateway.ErrBelowLimit, false, 422, "below"},
		{"root-key", `{"amount":"1","key":"k"}`, "", &message.Failure{Kind: message.StoreFull}, false, 503, "store_full"},
		{"root-key", `{"amount":"1","key":"k"}`, "", errors.New("broken"), false, 503, "unreadable"},
	} {
		f := &fakeMoney{err: c.err, again: c.again}
		header := []string{"Authorization", "Bearer " + c.key, "Content-Type", "application/json"}
		if c.header != "" {
			header = append(header, "Idempotency-Key", c.header)
		}
		w := ask(f.handler(), http.MethodPost, path, c.body, header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.key, c.body, w.Code, w.Body, c.status, c.want)
		}
		if wrong := c.status == 403 || c.status == 400 || c.status == 422 && c.err == nil; wrong != (len(f.topped) == 0) {
			t.Errorf("%s: topped up %v", c.body, f.topped)
		}
	}
}

// Balances are shown in units of their currency, those of accounts that have
// one.
func TestMoneyMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	r.MustRegister(&MoneyMetrics{Balances: (&fakeMoney{}).balances})
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] += fmt.Sprint(m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue(), m.GetGauge().GetValue()+m.GetCounter().GetValue(), " ")
		}
	}
	want := map[string]string{"kurir_balance": "acmeEUR12.5 ", "kurir_balance_available": "acmeEUR17.5 ", "kurir_balance_reserved": "acmeEUR0.035 ", "kurir_balance_charged_total": "acmeEUR1e-06 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A message shows what it costs, exactly.
func TestMessagePrice(t *testing.T) {
	t.Parallel()
	m := &message.Message{ID: message.FirstIDAt(time.Unix(1_790_000_000, 0)), Price: 82_000, Parts: 2}
	if v := viewPrice(m); v != nil {
		t.Errorf("nothing is known of it: %+v", v)
	}
	m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventReserved, Text: "acme EUR sent 0.041 0.0399"})
	if v := viewPrice(m); *v != (priceView{"EUR", 82_000, 0, "acme"}) {
		t.Errorf("reserved: %+v", v)
	}
	m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventCharged, Text: "0.0798 EUR"})
	m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventRefunded, Text: "0.0022 EUR"})
	if v := viewPrice(m); *v != (priceView{"EUR", 0, 79_800, "acme"}) {
		t.Errorf("charged: %+v", v)
	}
}
