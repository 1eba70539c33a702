package config

import "testing"

// TestRecipients: a slip in a recipient of a schedule, of an alarm or of what a rule forwards is a mistake of the file, not one that shows
// when nobody hears of an alarm.
func TestRecipients(t *testing.T) {
	t.Parallel()
	_, mistakes := Parse("x", []byte(`
country: "46"
http: {listen: 127.0.0.1:8080}
accounts:
  - {name: duty, password: secret, lists: [{name: staff, numbers: ["+46701234567"]}]}
  - {name: shop, password: secret}
schedules:
  - {name: test, account: duty, at: ["mon 08:00"], to: ["070-123 45 67", ward, "contact:Anna", "group:nurses", "rota:ward", "rota:night"], text: Test}
rotas:
  - {name: ward, account: duty, else: ["+46701234567"]}
  - {name: shop, account: shop, else: ["+46701234567"]}
alarms: {sms: {account: duty, to: ["+46701234567", ward, "group:nurses"]}}
inbound:
  - {keyword: a, account: duty, do: [{forward: [staff, "070-123 45 67", "72456", stuff, "group:nurses", "rota:ward", "rota:shop"]}]}
  - {keyword: b, account: shop, do: [{forward: staff}]}
  - {keyword: c, do: [{forward: staff}]}
  - {keyword: d, do: [{forward: stuff}]}
`), environment)
	want := []string{
		`schedules[0].to[1]: the number "ward" has a character that no number has: 'w'`,
		`schedules[0].to[5]: "night" is no rota of duty; known: ward`,
		`alarms.sms.to[1]: the number "ward" has a character that no number has: 'w'`,
		`alarms.sms.to[2]: the number "group:nurses" has a character that no number has: 'g'`,
		`inbound[0].do[0].forward[3]: "stuff" is neither a number nor a distribution list of duty; known: staff`,
		`inbound[0].do[0].forward[6]: "shop" is no rota of duty; known: ward`,
		`inbound[1].do[0].forward: "staff" is neither a number nor a distribution list of shop; there are none`,
		`inbound[3].do[0].forward: "stuff" is neither a number nor a distribution list of any account; known: staff`,
	}
	for i, m := range mistakes {
		if got := m.Field + ": " + m.Text; i >= len(want) || got != want[i] {
			t.Errorf("unexpected: %s", got)
		}
	}
	if len(mistakes) != len(want) {
		t.Errorf("%d mistakes, want %d", len(mistakes), len(want))
	}
}
