# Pipeline illumination: Illumination correction
# Compiled by sncompile 0.1.0 from illumination.yaml
# (sha256:5f43fc2efeeb1b5a3d3b4348428c173808826dc942bd694bba052ebc6783a8a7).
# Do not edit: change the spec and compile again.
# Run it with any CWL engine; results get their paths below the folder of `--outdir`:
#     cwltool --outdir out workflow.cwl job.json
#
# What the pipeline is for:
#     report: results/illumination.html
#     summary: results/wells.csv

cwlVersion: v1.2
$graph:

- id: main
  class: Workflow
  label: "Illumination correction"
  requirements:
  - {class: ScatterFeatureRequirement}
  - {class: MultipleInputFeatureRequirement}
  inputs:
    calc_images_path: string[]
    calc_images: File[]
    apply_job: string[]
    apply_image_path: string[]
    apply_corrected_path: string[]
    apply_image: File[]
    segment_job: string[]
    segment_image_path: string[]
    segment_labels_path: string[]
    measure_job: string[]
    measure_images_path: {type: {type: array, items: {type: array, items: string}}}
    measure_labels_path: {type: {type: array, items: {type: array, items: string}}}
    measure_table_path: string[]
    measure_well: string[]
    measure_sites: {type: {type: array, items: {type: array, items: string}}}
    measure_images_at: {type: {type: array, items: {type: array, items: int}}}
    measure_labels_at: {type: {type: array, items: {type: array, items: int}}}
    report_tables_path: string[]
    report_raw_path: string[]
    report_corrected_path: string[]
    report_labels_path: string[]
    report_wells: string[]
    report_sites: string[]
    report_raw: File[]
    paths: string[]
  steps:
    calc:
      run: "#calc"
      in:
        images_path: calc_images_path
        images: calc_images
      out: [function]
    apply:
      run: "#apply"
      scatter: [job, image_path, corrected_path, image]
      scatterMethod: dotproduct
      in:
        job: apply_job
        image_path: apply_image_path
        corrected_path: apply_corrected_path
        image: apply_image
        function: calc/function
      out: [corrected]
    segment:
      run: "#segment"
      scatter: [job, image_path, labels_path, image]
      scatterMethod: dotproduct
      in:
        job: segment_job
        image_path: segment_image_path
        labels_path: segment_labels_path
        image: apply/corrected
      out: [labels]
    measure_images:
      run: "#pick"
      in:
        files: {source: [apply/corrected], linkMerge: merge_flattened}
        at: measure_images_at
      out: [picked]
    measure_labels:
      run: "#pick"
      in:
        files: {source: [segment/labels], linkMerge: merge_flattened}
        at: measure_labels_at
      out: [picked]
    measure:
      run: "#measure"
      scatter: [job, images_path, labels_path, table_path, well, sites, images, labels]
      scatterMethod: dotproduct
      in:
        job: measure_job
        images_path: measure_images_path
        labels_path: measure_labels_path
        table_path: measure_table_path
        well: measure_well
        sites: measure_sites
        images: measure_images/picked
        labels: measure_labels/picked
      out: [table]
    report:
      run: "#report"
      in:
        tables_path: report_tables_path
        raw_path: report_raw_path
        corrected_path: report_corrected_path
        labels_path: report_labels_path
        wells: report_wells
        sites: report_sites
        tables: measure/table
        raw: report_raw
        corrected: apply/corrected
        labels: segment/labels
        function: calc/function
      out: [html, csv]
    placed:
      run: "#place"
      in:
        files: {source: [calc/function, apply/corrected, segment/labels, measure/table, report/html, report/csv], linkMerge: merge_flattened}
        paths: paths
      out: [tree]
  outputs:
    files: {type: {type: array, items: [File, Directory]}, outputSource: placed/tree}

# calc: Estimate the illumination function
# one job
- id: calc
  class: CommandLineTool
  label: "Estimate the illumination function"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 1908}
  - {class: ToolTimeLimit, timelimit: 1800}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: calc
    images: File[]
    images_path: string[]
    calc_py: {type: File, default: {class: File, location: files/calc/calc.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.images_path.length), $(inputs.images_path), $(inputs.images),
    in, "1", build/illumination/files/calc/calc.py, $(inputs.calc_py),
    out, function.npy, results/calc/function.npy,
    non_empty, "1", results/calc/function.npy,
    "--",
    python, build/illumination/files/calc/calc.py, --percentile, "40", --sigma, "0.05", --out,
    results/calc/function.npy, "--", $(inputs.images_path),
  ]
  outputs:
    function: {type: File, outputBinding: {glob: gathered/function.npy}}

# apply: Apply the illumination correction
# one job per well and site
- id: apply
  class: CommandLineTool
  label: "Apply the illumination correction"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 954}
  - {class: ToolTimeLimit, timelimit: 600}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    image: File
    function: File
    image_path: string
    corrected_path: string
    correct_py: {type: File, default: {class: File, location: files/correct/correct.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.image_path), $(inputs.image),
    in, "1", results/calc/function.npy, $(inputs.function),
    in, "1", build/illumination/files/correct/correct.py, $(inputs.correct_py),
    out, corrected.tiff, $(inputs.corrected_path),
    non_empty, "1", $(inputs.corrected_path),
    "--",
    python, build/illumination/files/correct/correct.py, --function, results/calc/function.npy, --floor,
    "0.1", --out, $(inputs.corrected_path), "--", $(inputs.image_path),
  ]
  outputs:
    corrected: {type: File, outputBinding: {glob: gathered/corrected.tiff}}

# segment: Outline the cells of a field
# one job per well and site
- id: segment
  class: CommandLineTool
  label: "Outline the cells of a field"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 954}
  - {class: ToolTimeLimit, timelimit: 600}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    image: File
    image_path: string
    labels_path: string
    segment_py: {type: File, default: {class: File, location: files/segment/segment.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.image_path), $(inputs.image),
    in, "1", build/illumination/files/segment/segment.py, $(inputs.segment_py),
    out, labels.tiff, $(inputs.labels_path),
    non_empty, "1", $(inputs.labels_path),
    "--",
    python, build/illumination/files/segment/segment.py, --image, $(inputs.image_path), --diameter, "36",
    --contrast, "0.03", --smallest, "0.15", --out, $(inputs.labels_path),
  ]
  outputs:
    labels: {type: File, outputBinding: {glob: gathered/labels.tiff}}

# measure: Measure the cells of a well
# one job per well; gathers apply, segment
- id: measure
  class: CommandLineTool
  label: "Measure the cells of a well"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 954}
  - {class: ToolTimeLimit, timelimit: 600}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    images: File[]
    labels: File[]
    images_path: string[]
    labels_path: string[]
    table_path: string
    well: string
    sites: string[]
    measure_py: {type: File, default: {class: File, location: files/measure/measure.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.images_path.length), $(inputs.images_path), $(inputs.images),
    in, $(inputs.labels_path.length), $(inputs.labels_path), $(inputs.labels),
    in, "1", build/illumination/files/measure/measure.py, $(inputs.measure_py),
    out, table.csv, $(inputs.table_path),
    non_empty, "1", $(inputs.table_path),
    "--",
    python, build/illumination/files/measure/measure.py, --images, $(inputs.images_path), --labels,
    $(inputs.labels_path), --out, $(inputs.table_path), "--well=$(inputs.well)", "--", $(inputs.sites),
  ]
  outputs:
    table: {type: File, outputBinding: {glob: gathered/table.csv}}

# report: Report on the plate
# one job; gathers measure, apply, segment
- id: report
  class: CommandLineTool
  label: "Report on the plate"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 1908}
  - {class: ToolTimeLimit, timelimit: 1800}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: report
    tables: File[]
    raw: File[]
    corrected: File[]
    labels: File[]
    function: File
    tables_path: string[]
    raw_path: string[]
    corrected_path: string[]
    labels_path: string[]
    wells: string[]
    sites: string[]
    report_py: {type: File, default: {class: File, location: files/report/report.py}}
    report_html: {type: File, default: {class: File, location: files/report/report.html}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.tables_path.length), $(inputs.tables_path), $(inputs.tables),
    in, $(inputs.raw_path.length), $(inputs.raw_path), $(inputs.raw),
    in, $(inputs.corrected_path.length), $(inputs.corrected_path), $(inputs.corrected),
    in, $(inputs.labels_path.length), $(inputs.labels_path), $(inputs.labels),
    in, "1", results/calc/function.npy, $(inputs.function),
    in, "1", build/illumination/files/report/report.py, $(inputs.report_py),
    in, "1", build/illumination/files/report/report.html, $(inputs.report_html),
    out, html.html, results/illumination.html,
    out, csv.csv, results/wells.csv,
    non_empty, "1", results/illumination.html,
    non_empty, "1", results/wells.csv,
    "--",
    python, build/illumination/files/report/report.py, --layout, build/illumination/files/report/report.html,
    "--title=Illumination correction", --outlines, "4", --function, results/calc/function.npy, --tables,
    $(inputs.tables_path), --raw, $(inputs.raw_path), --corrected, $(inputs.corrected_path), --labels,
    $(inputs.labels_path), --html, results/illumination.html, --csv, results/wells.csv, "--",
    $(inputs.wells), $(inputs.sites),
  ]
  outputs:
    html: {type: File, outputBinding: {glob: gathered/html.html}}
    csv: {type: File, outputBinding: {glob: gathered/csv.csv}}

# Hands every job its files: `at` holds their places in the list of all.
- id: pick
  class: ExpressionTool
  requirements:
  - {class: InlineJavascriptRequirement}
  inputs:
    files: {type: {type: array, items: [File, {type: array, items: File}]}}
    at: {type: {type: array, items: {type: array, items: int}}}
  expression: |
    ${
      var files = [];
      function gather(value) {
        if (Array.isArray(value)) { value.forEach(gather); } else { files.push(value); }
      }
      function pick(at) {
        return Array.isArray(at) ? at.map(pick) : at === null ? null : files[at];
      }
      gather(inputs.files);
      return {"picked": pick(inputs.at)};
    }
  outputs:
    picked: {type: {type: array, items: {type: array, items: File}}}

# Gives every file its path: folders are made from what lies between the slashes.
- id: place
  class: ExpressionTool
  requirements:
  - {class: InlineJavascriptRequirement}
  inputs:
    files: {type: {type: array, items: [File, Directory, {type: array, items: [File, Directory]}]}}
    paths: string[]
  expression: |
    ${
      var files = [], top = [], folders = {};
      function gather(value) {
        if (Array.isArray(value)) { value.forEach(gather); } else { files.push(value); }
      }
      function base(path) { return path.slice(path.lastIndexOf("/") + 1); }
      function listing(path) {
        var folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
        if (folder === "") { return top; }
        if (!folders["/" + folder]) {
          folders["/" + folder] = [];
          listing(folder).push({
            "class": "Directory", "basename": base(folder), "listing": folders["/" + folder]
          });
        }
        return folders["/" + folder];
      }
      gather(inputs.files);
      files.forEach(function (file, number) {
        var path = inputs.paths[number];
        var placed = {"class": file["class"], "location": file.location, "basename": base(path)};
        ["checksum", "size"].forEach(function (known) {
          if (known in file) { placed[known] = file[known]; }
        });
        listing(path).push(placed);
      });
      return {"tree": top};
    }
  outputs:
    tree: {type: {type: array, items: [File, Directory]}}
