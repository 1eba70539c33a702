package connector

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/modem"
)

// ModemConfig describes a link of one or more GSM modems. Only name and modems
// are necessary; a field that is left out has the default named with it.
type ModemConfig struct {
	Named
	// Modems are those of the link; messages take whichever is free.
	Modems []ModemDevice `yaml:"modems"`
	// PerMinute is the highest number of parts a minute of each modem, 1 to 600; 0 (default) for no limit
	// but the network's.
	PerMinute int `yaml:"per_minute" example:"20"`
	// DailyLimit is how many parts each modem sends in a day of the server's time zone at most, 1 to 100000;
	// 0 (default) for no limit. Then its modem is shown as down until midnight, and only receives.
	DailyLimit int `yaml:"daily_limit" example:"500"`
	// Lookahead is how many parts beyond the one that is being sent a modem holds ready, 1 to 100; 4 by default,
	// -1 for none. After a crash they may be sent twice.
	Lookahead int `yaml:"lookahead"`
	// Long says how the parts of a long message are marked: udh (default; a reference of 8 bits) or udh16 (16 bits).
	Long string `yaml:"long"`
	// Calls is the text of the message that a call to a modem makes, as if the caller had written it, so that rules can do
	// something about it. Empty: calls are only written to the log.
	Calls string `yaml:"calls" example:"call"`
	// Check is how often a modem is asked for network and signal, by which also one that hangs is found
	// out, 1s to 1h; 30s by default.
	Check time.Duration `yaml:"check"`
	// ResponseTimeout is how long a modem has for an ordinary command, 1s to 10m; 10s by default.
	ResponseTimeout time.Duration `yaml:"response_timeout"`
	// SendTimeout is how long the network has to take a message, 10s to 10m; 2m by default. One without an answer
	// may have been taken.
	SendTimeout time.Duration `yaml:"send_timeout"`
	Common
}

// ModemDevice is one modem of a link.
type ModemDevice struct {
	// Devices are where it may be found, tried in order: paths (best one below /dev/serial/by-id), patterns such as
	// /dev/ttyUSB*, or a serial server as tcp:host:port.
	Devices []string `yaml:"devices" example:"[/dev/serial/by-id/usb-HUAWEI-if00]"`
	// IMEI is its serial number, 14 to 16 digits, of which the first 14 count; by it the modem is found among the
	// devices. Empty: the first modem that answers.
	IMEI string `yaml:"imei" example:"490154203237518"`
	// PIN of the SIM. It is tried once: a wrong one costs one of the SIM's three attempts.
	PIN message.Secret `yaml:"pin"`
	// Number is the SIM's own, by which customers and rules know it. Empty: what the SIM says, if it does.
	Number string `yaml:"number" example:"+46701234567"`
	// ServiceCentre is the number of the service centre for what this modem sends. Empty: the SIM's, which is never changed.
	ServiceCentre string `yaml:"service_centre"`
	// Storage is where messages are stored: SM (SIM), ME (modem) or MT (both). Empty: the first that the modem has.
	Storage string `yaml:"storage"`
	// Notify is the wanted setting of AT+CNMI. Empty: the best that the modem takes.
	Notify string `yaml:"notify"`
	// Init are further AT commands at the start.
	Init []string `yaml:"init"`
	// Speed of a serial line in bits a second; 115200 by default.
	Speed int `yaml:"speed"`
	// PackedUSSD writes USSD requests packed, as some modems want them.
	PackedUSSD bool `yaml:"packed_ussd"`
	// Reset is a command that is run when a modem does not answer, neither after a restart: a program and its arguments,
	// {device} stands for the device. It has a minute.
	Reset []string `yaml:"reset" example:"[/usr/sbin/uhubctl, -a, cycle]"`
}

// The words of the configuration; the first of each is the default.
var (
	modemLongs    = []string{"udh", "udh16"}
	modemStorages = []string{"SM", "ME", "MT"}
)

// WithDefaults returns the configuration with every field filled in.
func (c ModemConfig) WithDefaults() ModemConfig {
	c.Common.fill()
	defaultWord(&c.Long, modemLongs)
	defaultTo(&c.Lookahead, 4)
	c.Lookahead = max(c.Lookahead, 0)
	defaultTo(&c.Check, 30*time.Second)
	defaultTo(&c.ResponseTimeout, 10*time.Second)
	defaultTo(&c.SendTimeout, 2*time.Minute)
	return c
}

// Credit returns how many parts a modem takes beyond what has been answered.
func (c ModemConfig) Credit() int { return 1 + c.WithDefaults().Lookahead }

// Reach has the first modem looked for at these devices.
func (c *ModemConfig) Reach(devices ...string) {
	if len(c.Modems) > 0 {
		c.Modems[0].Devices = devices
	}
}

// Leases is how many modems the link has, each of which one server holds.
func (c *ModemConfig) Leases() int { return len(c.Modems) }

// Validate reports every mistake with the field that it is in.
func (c ModemConfig) Validate(report func(field, problem string)) {
	check := checker(report)
	c.Named.validate(check)
	c.Common.validate(check)
	if len(c.Modems) == 0 {
		report("modems", "at least one modem is needed, with the devices where it may be found")
	}
	seen := map[string]bool{}
	for i := range c.Modems {
		d := &c.Modems[i]
		at := fmt.Sprintf("modems[%d]", i)
		d.validate(func(field, problem string) { report(at+"."+field, problem) })
		serial := modem.Serial(d.IMEI)
		if serial != "" && seen[serial] {
			report(at+".imei", "another modem of the link has it")
		}
		seen[serial] = true
	}
	check.word("long", c.Long, modemLongs)
	check.number("per_minute", c.PerMinute, 1, 600)
	check.number("daily_limit", c.DailyLimit, 1, 100_000)
	check.number("lookahead", c.Lookahead, -1, 100)
	check.span("check", c.Check, time.Second, time.Hour)
	check.span("response_timeout", c.ResponseTimeout, time.Second, 10*time.Minute)
	check.span("send_timeout", c.SendTimeout, 10*time.Second, 10*time.Minute)
}

func (d *ModemDevice) validate(report func(field, problem string)) {
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	if len(d.Devices) == 0 {
		report("devices", "at least one path, pattern or tcp:host:port is needed")
	}
	for i, device := range d.Devices {
		at := fmt.Sprintf("devices[%d]", i)
		if server, ok := strings.CutPrefix(device, "tcp:"); ok {
			if problem := message.HostPortProblem(strings.TrimPrefix(server, "//"), 1, "serial.example.com:4001"); problem != "" {
				report(at, problem)
			}
		} else if !strings.HasPrefix(device, "/") {
			report(at, fmt.Sprintf("%q is neither a path such as /dev/ttyUSB0 nor tcp:host:port", device))
		} else if strings.ContainsAny(device, "*?[") && d.IMEI == "" {
			report(at, "a pattern needs the imei too, or something else that answers would be taken for the modem")
		}
	}
	if d.IMEI != "" && (!digits(d.IMEI) || len(d.IMEI) < 14 || len(d.IMEI) > 16) {
		report("imei", fmt.Sprintf("%q is no serial number: it has 14 to 16 digits, and *#06# shows it", d.IMEI))
	}
	if pin := string(d.PIN); pin != "" && (!digits(pin) || len(pin) < 4 || len(pin) > 8) {
		report("pin", "a PIN has 4 to 8 digits")
	}
	for field, value := range map[string]string{"number": d.Number, "service_centre": d.ServiceCentre} {
		if _, err := gsm.ParseAddress(value); value != "" && err != nil {
			report(field, err.Error())
		}
	}
	if d.Storage != "" && !slices.Contains(modemStorages, d.Storage) {
		report("storage", fmt.Sprintf("%q is not known; %s are", d.Storage, strings.Join(modemStorages, ", ")))
	}
	if strings.Trim(d.Notify, "0123456789,") != "" {
		report("notify", "five numbers with commas between them, such as 2,1,0,1,0")
	}
	for i, text := range d.Init {
		if !strings.HasPrefix(strings.ToUpper(text), "AT") || strings.ContainsAny(text, "\r\n\x1A\x1B") {
			report(fmt.Sprintf("init[%d]", i), "an AT command is one line that begins with AT")
		}
		if name := strings.ToUpper(text); strings.Contains(name, "+CPIN") || strings.Contains(name, "+CSCA=") {
			report(fmt.Sprintf("init[%d]", i), "give pin and service_centre instead: the SIM is not to be changed at each start")
		}
	}
	if len(d.Reset) > 0 && !strings.HasPrefix(d.Reset[0], "/") {
		report("reset", fmt.Sprintf("%q is no path of a program", d.Reset[0]))
	}
}
