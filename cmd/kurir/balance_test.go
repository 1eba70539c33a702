package main

import (
	"bytes"
	"strings"
	"testing"
)

// Balances and limits are a line for each account.
func TestBalanceList(t *testing.T) {
	t.Parallel()
	const rows = `{"balances":[{"account":"bank","paid_by":"bank","currency":"EUR","balance":{"available":"17.50","balance":"12.50","credit":"5.00","reserved":"0.035","charged":"1.00"},` +
		`"limits":[{"of":"messages","per":"hour","most":"100","had":"7"},{"of":"money","per":"day","most":"20.00","had":"0.035"}]},{"account":"shop","paid_by":"bank"}]}`
	var out bytes.Buffer
	if err := remoteTo(t, 200, rows).listBalances(t.Context(), &out, ""); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{"ACCOUNT PAID BY CURRENCY AVAILABLE BALANCE CREDIT RESERVED CHARGED LIMITS", "bank bank EUR 17.50 12.50 5.00 0.035 1.00 7 of 100 per hour, 0.035 of 20.00 EUR per day", "shop bank - - - - - - -"} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// The API key of a top-up is given as everywhere, and is not taken for the key of the payment.
func TestBalanceTopUpKeys(t *testing.T) {
	t.Parallel()
	topUp, _, err := newBalanceCmd().Find([]string{"topup"})
	if err != nil {
		t.Fatal(err)
	}
	if f := topUp.Flag("key"); f == nil || f.Usage != "API key" || topUp.Flag("once") == nil {
		t.Errorf("--key is %+v", f)
	}
}

// A top-up says what it did, and when it fails how it is repeated safely.
func TestBalanceTopUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status       int
		answer, want string
	}{
		{201, `{"amount":"5.00","balance_after":"17.50"}`, "5.00 to bank: the balance is 17.50\n"},
		{200, `{"amount":"5.00","balance_after":"17.50","repeated":true}`, "5.00 came to bank before, under the same key; nothing is changed\n"},
	} {
		var out bytes.Buffer
		if err := remoteTo(t, c.status, c.answer).topUp(t.Context(), &out, "bank", "5", "k", ""); err != nil || out.String() != c.want {
			t.Errorf("it says %q, %v, want %q", out.String(), err, c.want)
		}
	}
	err := remoteTo(t, 503, `{"detail":"no room"}`).topUp(t.Context(), &bytes.Buffer{}, "bank", "5", "k7", "")
	if err == nil || !strings.Contains(err.Error(), "no room") || !strings.HasSuffix(err.Error(), "to repeat it safely, add --once k7") || exitCode(err) != exitRefused {
		t.Errorf("a failure: %v, exit code %d", err, exitCode(err))
	}
	err = remoteTo(t, 404, `{"detail":"there is no account"}`).topUp(t.Context(), &bytes.Buffer{}, "bank", "5", "k7", "")
	if err == nil || strings.Contains(err.Error(), "repeat") {
		t.Errorf("what is refused for good: %v", err)
	}
}
