package web

import (
	"time"

	"kurir/alarm"
)

// alarmText is what an alarm says in the user's language, with times by the server's clock. One that an earlier version kept, or
// another server of a later version has raised, has an English text only.
func (v *visit) alarmText(r row) string {
	sentence := v.alarms[r.text("sentence")]
	if v.lang() != swedish || sentence == "" {
		return r.text("text")
	}
	values, _ := r.at("values").(map[string]any)
	named := map[string]string{}
	for name := range values {
		value := row(values).text(name)
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			value = showTime(at)
		}
		named[name] = value
	}
	return alarm.Fill(sentence, named)
}

// AlarmText is that for templates.
func (v *view) AlarmText(r row) string { return v.alarmText(r) }
