// Package jsondoc writes the whole report as one JSON document, for programs that
// want all that is known and no text around it:
//
//	jq '.cells[] | {pods, arms: [.arms[] | {arm, cpu: .total.cpu_cores.value}]}' report.json
//
// Package analysis says what stands in it; [Schema] says so to programs. Numbers
// are in base units, an absent estimate has a null as its value. Fields may be
// added to a version; one that goes or changes its meaning makes a new version.
// It leaves nothing out and rounds nothing: who wants less reads another form.
package jsondoc

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"io"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
)

// Version is what the document says of itself under the key "schema".
const Version = "cri-stats-bench/report/v1"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the document.
func Schema() []byte { return append([]byte(nil), schema...) }

// A document is the report and what it is.
type document struct {
	// Schema names the version of this format.
	Schema string `json:"schema"`
	// Mark says what the numbers must not be taken for: "SIMULATED", "NOT FOR
	// PUBLICATION", or both.
	Mark string `json:"mark,omitempty"`
	*analysis.Report
}

// Write writes the report.
func Write(w io.Writer, r *analysis.Report) error {
	compact, err := json.Marshal(document{Version, origin.Mark(&r.Host), r})
	if err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	var out bytes.Buffer
	layout(&out, compact)
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}
