package connector

import (
	"maps"
	"slices"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/modem"
)

func TestModemConfig(t *testing.T) {
	t.Parallel()
	good := modemTestConfig()
	good.SendTimeout = time.Minute
	good.Modems[0] = ModemDevice{
		Devices: []string{"/dev/ttyUSB*", "tcp:serial.example.com:4001"}, IMEI: "490154203237518", PIN: "4711", Number: "+46737000001",
		ServiceCentre: "+46705008999", Storage: "SM", Notify: "2,1,0,1,0", Init: []string{"AT+CMMS=1"}, Reset: []string{"/bin/true"},
	}
	good.Validate(func(field, problem string) { t.Errorf("%s: %s", field, problem) })
	for _, c := range []struct {
		change func(c *ModemConfig)
		fields []string
	}{
		{func(c *ModemConfig) { c.Name = "" }, []string{"name"}},
		{func(c *ModemConfig) { c.Modems = nil }, []string{"modems"}},
		{func(c *ModemConfig) { c.Modems = []ModemDevice{{}} }, []string{"modems[0].devices"}},
		{func(c *ModemConfig) { c.Modems[0].IMEI = "" }, []string{"modems[0].devices[0]"}},
		{func(c *ModemConfig) { c.Modems[0].Devices = []string{"COM1", "tcp:x"} }, []string{"modems[0].devices[0]", "modems[0].devices[1]"}},
		{func(c *ModemConfig) { c.Modems[0].IMEI, c.Modems[0].PIN = "12", "12a4" }, []string{"modems[0].imei", "modems[0].pin"}},
		{func(c *ModemConfig) { c.Modems = append(c.Modems, c.Modems[0]) }, []string{"modems[1].imei"}},
		{func(c *ModemConfig) {
			c.Modems = append(c.Modems, c.Modems[0])
			c.Modems[1].IMEI = c.Modems[0].IMEI[:14] // without the check digit it is the same modem
		}, []string{"modems[1].imei"}},
		{func(c *ModemConfig) { c.Modems[0].Number, c.Modems[0].ServiceCentre = "me", "it" }, []string{"modems[0].number", "modems[0].service_centre"}},
		{func(c *ModemConfig) {
			c.Modems[0].Storage, c.Modems[0].Notify, c.Modems[0].Reset = "XX", "2;1", []string{"reset"}
		}, []string{"modems[0].notify", "modems[0].reset", "modems[0].storage"}},
		{func(c *ModemConfig) {
			c.Modems[0].Init = []string{"CMMS", "AT\rAT", `AT+CPIN="1111"`, `at+csca=""`}
		}, []string{"modems[0].init[0]", "modems[0].init[1]", "modems[0].init[2]", "modems[0].init[3]"}},
		{func(c *ModemConfig) { c.Long, c.Receipts, c.Uncertain = "sar", "no", "yes" }, []string{"long", "receipts", "uncertain"}},
		{func(c *ModemConfig) { c.PerMinute, c.DailyLimit, c.Lookahead, c.Check = 601, -1, 101, time.Minute*61 }, []string{"check", "daily_limit", "lookahead", "per_minute"}},
		{func(c *ModemConfig) { c.Languages = []string{"turkish", "klingon"} }, []string{"languages[1]"}},
	} {
		bad := good
		bad.Modems = slices.Clone(good.Modems)
		c.change(&bad)
		got := map[string]bool{}
		bad.Validate(func(field, _ string) { got[field] = true })
		if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, c.fields) {
			t.Errorf("mistakes in %q, want %q", fields, c.fields)
		}
	}
	if c := (ModemConfig{Lookahead: -1}).Credit(); c != 1 {
		t.Errorf("credit %d", c)
	}
	if c := (ModemConfig{}).Credit(); c != 5 {
		t.Errorf("credit %d", c)
	}
}

// Every code that a modem may answer, and every status, is something to the gateway.
func TestModemMeanings(t *testing.T) {
	t.Parallel()
	for code := range 600 {
		for _, family := range []modem.Family{modem.FamilyCMS, modem.FamilyCME} {
			f := modemFailure(&modem.Error{Family: family, Code: code})
			e := modem.Error{Family: family, Code: code}
			if f.Kind == message.NoFailure || f.Code != uint32(code) || e.Kind() != modem.KindOther && e.Kind() != modem.KindCommand && f.Kind.Temporary() != e.Kind().Temporary() {
				t.Errorf("%v is %v", &e, f.Kind.Code())
			}
		}
	}
	for status := range 256 {
		s := gsm.DeliveryStatus(status)
		state, _ := modemState(s)
		if (state == message.Enroute) == s.Final() || (state == message.Delivered) != (status == 0) {
			t.Errorf("%02X is %v", status, state)
		}
	}
	for status, want := range map[gsm.DeliveryStatus]message.State{
		0x46: message.Expired, 0x48: message.Deleted, 0x42: message.Rejected, 0x43: message.Undeliverable, 0x62: message.Undeliverable, 0x01: message.Unknown, 0x90: message.Unknown,
	} {
		if got, _ := modemState(status); got != want {
			t.Errorf("%02X is %v, want %v", uint8(status), got, want)
		}
	}
	// Corner 16 of the protocol notes: the report's recipient may be written nationally.
	if a, b := modemID("1", 7, "46701234567"), modemID("1", 7, "0701234567"); a != b {
		t.Errorf("%s and %s", a, b)
	}
}
