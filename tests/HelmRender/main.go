// HelmRender renders a chart the way Helm does, as far as ours needs it, and compares the result with committed manifests, so that the chart is
// tested where Helm itself is not installed. It covers values merging, values.schema.json, include, toYaml, required and NOTES.txt.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run ./tests/HelmRender [-update] helm/retrieval tests/HelmRender
//
// The libraries are Debian's packages, which .ci/run installs.
// values/*.yaml render and must equal golden/*.yaml; refused/*.yaml must be refused with the words of their first line.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

type object = map[string]interface{}

func main() {
	update := flag.Bool("update", false, "write the golden manifests anew")
	flag.Parse()
	if flag.NArg() != 2 {
		fail(errors.New("usage: HelmRender [-update] <chart> <tests>"))
	}
	chart, tests := flag.Arg(0), flag.Arg(1)
	count := 0
	for _, file := range list(tests, "values") {
		fail(compare(chart, file, filepath.Join(tests, "golden", filepath.Base(file)), *update))
		count++
	}
	for _, file := range list(tests, "refused") {
		fail(refused(chart, file))
		count++
	}
	fmt.Printf("Chart: %d values files behave as expected\n", count)
}

func compare(chart, file, golden string, update bool) error {
	manifest, err := render(chart, file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if update {
		return os.WriteFile(golden, []byte(manifest), 0o644)
	}
	expected, err := os.ReadFile(golden)
	if err != nil {
		return err
	}
	want, got := strings.Split(string(expected), "\n"), strings.Split(manifest, "\n")
	for i := 0; i < len(want) || i < len(got); i++ {
		if line(want, i) != line(got, i) {
			return fmt.Errorf("%s, line %d: expected %q, rendered %q; run with -update if the change is meant", golden, i+1, line(want, i), line(got, i))
		}
	}
	return nil
}

func refused(chart, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	words := strings.TrimSpace(strings.TrimPrefix(strings.SplitN(string(text), "\n", 2)[0], "# expects:"))
	_, err = render(chart, file)
	if err == nil {
		return fmt.Errorf("%s: was accepted; it must be refused", file)
	}
	if !strings.Contains(err.Error(), words) {
		return fmt.Errorf("%s: the refusal does not say %q: %w", file, words, err)
	}
	return nil
}

func render(chart, file string) (string, error) {
	values, err := merged(filepath.Join(chart, "values.yaml"), file)
	if err != nil {
		return "", err
	}
	if err := check(filepath.Join(chart, "values.schema.json"), values); err != nil {
		return "", err
	}
	about, err := read(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return "", err
	}
	// Chart.yaml's fields are reached by their Go names in Helm.
	names := object{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]}
	data := object{"Values": values, "Chart": names, "Release": object{"Name": "test", "Namespace": "search", "Service": "Helm"}}
	return execute(chart, data)
}

func execute(chart string, data object) (string, error) {
	root := template.New(chart).Option("missingkey=zero")
	root.Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{
		"include": func(name string, data interface{}) (string, error) {
			var out strings.Builder
			err := root.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"toYaml": func(value interface{}) (string, error) {
			text, err := yaml.Marshal(value)
			return strings.TrimSuffix(string(text), "\n"), err
		},
		"required": func(message string, value interface{}) (interface{}, error) {
			if value == nil || value == "" {
				return nil, errors.New(message)
			}
			return value, nil
		},
	})
	files := list(chart, "templates")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if _, err := root.New(filepath.Base(file)).Parse(string(text)); err != nil {
			return "", err
		}
	}
	var out strings.Builder
	for _, file := range files {
		name := filepath.Base(file)
		var text bytes.Buffer
		if err := root.ExecuteTemplate(&text, name, data); err != nil {
			return "", err
		}
		if strings.HasPrefix(name, "_") || strings.TrimSpace(text.String()) == "" {
			continue
		}
		if strings.HasSuffix(name, ".yaml") {
			if err := manifest(text.Bytes()); err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
		}
		fmt.Fprintf(&out, "--- # %s\n%s\n", name, strings.TrimSpace(text.String()))
	}
	return out.String(), nil
}

// manifest refuses what Kubernetes could not take for an object: bad YAML, a key that comes twice, a missing kind or name.
func manifest(text []byte) error {
	var value object
	if err := yaml.UnmarshalStrict(text, &value); err != nil {
		return err
	}
	metadata, _ := value["metadata"].(object)
	for _, field := range []interface{}{value["apiVersion"], value["kind"], metadata["name"]} {
		if text, ok := field.(string); !ok || text == "" {
			return errors.New("apiVersion, kind or metadata.name is missing")
		}
	}
	return nil
}

func check(schema string, values object) error {
	text, err := os.ReadFile(schema)
	if err != nil {
		return err
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(text), gojsonschema.NewGoLoader(values))
	if err != nil {
		return err
	}
	var wrong []string
	for _, e := range result.Errors() {
		wrong = append(wrong, e.String())
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

func merged(defaults, file string) (object, error) {
	base, err := read(defaults)
	if err != nil {
		return nil, err
	}
	over, err := read(file)
	if err != nil {
		return nil, err
	}
	merge(base, over)
	return base, nil
}

// merge lays over on base: maps field by field, null removes a default, everything else replaces it.
func merge(base, over object) {
	for key, value := range over {
		below, isMap := base[key].(object)
		above, both := value.(object)
		switch {
		case value == nil:
			delete(base, key)
		case isMap && both:
			merge(below, above)
		default:
			base[key] = value
		}
	}
}

func read(file string) (object, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	value := object{}
	return value, yaml.UnmarshalStrict(text, &value)
}

func list(folder, name string) []string {
	files, err := filepath.Glob(filepath.Join(folder, name, "*"))
	fail(err)
	if len(files) == 0 {
		fail(fmt.Errorf("%s has no files", filepath.Join(folder, name)))
	}
	return files
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
