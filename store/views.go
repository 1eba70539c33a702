package store

import (
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// A view is a query with a name, for people and programs that read the database.
// They are made from the tables of names in package message, so that there is
// one table of each.
type view struct{ name, query string }

func (d *viewDialect) views() []view {
	return []view{
		{"messages", d.messagesView()},
		{"inbounds", d.inboundsView()},
		{"counters", d.countersView()},
		{"backlog", backlogView},
		{"tallies", d.talliesView()},
		{"presence", d.presenceView()},
	}
}

// viewDialect is what the engines write differently in views.
type viewDialect struct {
	time   func(seconds string, millis bool) string // of Unix seconds as ISO 8601 in UTC, with milliseconds or of the full hour
	secret string                                   // an octet as a blob
}

func sqliteViews() *viewDialect {
	return &viewDialect{
		time: func(seconds string, millis bool) string {
			if millis {
				return fmt.Sprintf("strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', %s, 'unixepoch')", seconds)
			}
			return fmt.Sprintf("strftime('%%Y-%%m-%%dT%%H:00:00Z', %s, 'unixepoch')", seconds)
		},
		secret: fmt.Sprintf("x'%02x'", secretVersion),
	}
}

func postgresViews() *viewDialect {
	return &viewDialect{
		time: func(seconds string, millis bool) string {
			form := `YYYY-MM-DD"T"HH24:00:00"Z"`
			if millis {
				form = `YYYY-MM-DD"T"HH24:MI:SS.MS"Z"`
			}
			return fmt.Sprintf("to_char(to_timestamp(%s) AT TIME ZONE 'UTC', '%s')", seconds, form)
		},
		secret: fmt.Sprintf(`'\x%02x'::bytea`, secretVersion),
	}
}

// createViews (re)creates the views whose text has changed.
func createViews(c *conn) (err error) {
	for _, v := range sqliteViews().views() {
		text := "CREATE VIEW " + v.name + " AS " + v.query
		same := false
		err := sqlitex.ExecuteTransient(c.Conn, "SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ? AND sql = ?", &sqlitex.ExecOptions{
			Args:       []any{v.name, text},
			ResultFunc: func(*sqlite.Stmt) error { same = true; return nil },
		})
		if err != nil {
			return err
		}
		if same {
			continue
		}
		if err := sqlitex.ExecuteScript(c.Conn, "DROP VIEW IF EXISTS "+v.name+"; "+text, nil); err != nil {
			return fmt.Errorf("view %s: %w", v.name, err)
		}
	}
	return nil
}

// createPostgresViews makes the views anew.
func createPostgresViews(run func(text string) error) error {
	for _, v := range postgresViews().views() {
		if err := run("DROP VIEW IF EXISTS " + v.name + "; CREATE VIEW " + v.name + " AS " + v.query); err != nil {
			return fmt.Errorf("view %s: %w", v.name, err)
		}
	}
	return nil
}

func (d *viewDialect) countersView() string {
	return "SELECT " + d.time("hour * 3600", false) + " AS hour, account, link, what, n FROM counter"
}

func (d *viewDialect) talliesView() string {
	return "SELECT CASE kind WHEN 1 THEN 'accepted' WHEN 2 THEN 'parts' WHEN 3 THEN 'final' WHEN 4 THEN 'arrival' WHEN 5 THEN 'answer' WHEN 6 THEN 'inbound' END AS kind, " +
		d.time("hour * 3600", false) + " AS hour, account, link, detail, n FROM tally"
}

func (d *viewDialect) presenceView() string {
	return "SELECT kind, name, node, state, " + d.millis("since") + " AS since, " + d.millis("until") + " AS until FROM span"
}

const backlogView = `SELECT link, CASE priority WHEN 0 THEN 'bulk' WHEN 1 THEN 'normal' WHEN 2 THEN 'high' WHEN 3 THEN 'urgent' END AS priority,
  account, count(*) AS waiting FROM waiting GROUP BY waiting.link, waiting.priority, account`

func (d *viewDialect) messagesView() string {
	var states, interfaces strings.Builder
	for _, s := range message.States() {
		fmt.Fprintf(&states, " WHEN %d THEN '%s'", s, s)
	}
	for i := message.ViaUnknown + 1; i.String() != message.ViaUnknown.String(); i++ {
		fmt.Fprintf(&interfaces, " WHEN %d THEN '%s'", i, i)
	}
	return fmt.Sprintf(`SELECT m.id AS number, %s AS id, %s AS accepted, CASE p.state%s END AS state,
  CASE WHEN p.final <> 0 THEN %s END AS final, p.owed, m.account, m.sender, m.recipient, m.reference, CASE substr(m.fixed, 1, 1) WHEN %s THEN NULL ELSE m.text END AS text, m.link,
  CASE m.via%s ELSE 'unknown' END AS via, m.parts, m.price, %s AS expires
  FROM message m JOIN progress p ON p.id = m.id`,
		idExpr("m.id"), d.millis(idMillisExpr("m.id")), states.String(), d.millis("p.final"), d.secret, interfaces.String(), d.millis("m.expires"))
}

func (d *viewDialect) inboundsView() string {
	return fmt.Sprintf(`SELECT id AS number, %s AS id, %s AS received, account, link, sender, recipient, text, parts, missing, rule, owed,
  coalesce((SELECT label FROM inbound_case WHERE inbound_case.id = inbound.id), '') AS case_number FROM inbound`,
		idExpr("id"), d.millis("received"))
}

// millis is SQL for Unix milliseconds as ISO 8601 in UTC.
func (d *viewDialect) millis(ms string) string { return d.time(ms+" / 1000.0", true) }

// idMillisExpr is SQL for message.ID.Millis.
func idMillisExpr(id string) string {
	return fmt.Sprintf("((%s >> 22) + %d)", id, message.ID(0).Millis())
}

// idExpr is SQL for message.ID.String.
func idExpr(id string) string {
	var b strings.Builder
	for shift := 60; shift >= 0; shift -= 5 {
		if b.Len() > 0 {
			b.WriteString(" || ")
		}
		fmt.Fprintf(&b, "substr('0123456789abcdefghjkmnpqrstvwxyz', CAST((%s >> %d) & 31 AS INTEGER) + 1, 1)", id, shift)
	}
	return b.String()
}
