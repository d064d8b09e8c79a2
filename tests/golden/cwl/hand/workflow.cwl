# Pipeline hand
# Compiled by sncompile 0.1.0 from spec.yaml
# (sha256:7858159a3dfd7aace71db6341477d75f274219b3450a4f5156e7934f415da89f).
# Do not edit: change the spec and compile again.
# Run it with any CWL engine; results get their paths below the folder of `--outdir`:
#     cwltool --outdir out workflow.cwl job.json
#
# What the pipeline is for:
#     a: several files
#     b: several files

cwlVersion: v1.2
$graph:

- id: main
  class: Workflow
  label: hand
  requirements:
  - {class: ScatterFeatureRequirement}
  - {class: MultipleInputFeatureRequirement}
  inputs:
    s1_job: string[]
    s1_i_path: string[]
    s1_o_path: string[]
    s1_idx_path: string[]
    s1_i: File[]
    s2_job: string[]
    s2_i_path: string[]
    s2_o_path: {type: {type: array, items: {type: array, items: string}}}
    s2_i_path_2: string[]
    s2_o_path_2: string[]
    s3_job: string[]
    s3_i_path: {type: {type: array, items: {type: array, items: string}}}
    s3_o_path: string[]
    s3_i_path_2: string[]
    s3_o_path_2: string[]
    s3_i_at: {type: {type: array, items: {type: array, items: int}}}
    s4_job: string[]
    s4_i_path: {type: {type: array, items: {type: array, items: string}}}
    s4_i_at: {type: {type: array, items: {type: array, items: int}}}
    s5_i_at: int
    s6_job: string[]
    s6_i_path: string[]
    s6_o_path: string[]
    s6_i_files: File[]
    s7_job: string[]
    s7_i_path: {type: {type: array, items: {type: array, items: string}}}
    s7_o_path: string[]
    s7_i_files: File[]
    s7_i_at: {type: {type: array, items: {type: array, items: int}}}
    paths: string[]
  steps:
    s1:
      run: "#s1"
      scatter: [job, i_path, o_path, idx_path, i]
      scatterMethod: dotproduct
      in:
        job: s1_job
        i_path: s1_i_path
        o_path: s1_o_path
        idx_path: s1_idx_path
        i: s1_i
      out: [o, idx]
    s2:
      run: "#s2"
      scatter: [job, i_path, o_path, i_path_2, o_path_2, i]
      scatterMethod: dotproduct
      in:
        job: s2_job
        i_path: s2_i_path
        o_path: s2_o_path
        i_path_2: s2_i_path_2
        o_path_2: s2_o_path_2
        i: s1/o
      out: [o]
    s3_i:
      run: "#pick"
      in:
        files: {source: [s2/o], linkMerge: merge_flattened}
        at: s3_i_at
      out: [picked]
    s3:
      run: "#s3"
      scatter: [job, i_path, o_path, i_path_2, o_path_2, i]
      scatterMethod: dotproduct
      in:
        job: s3_job
        i_path: s3_i_path
        o_path: s3_o_path
        i_path_2: s3_i_path_2
        o_path_2: s3_o_path_2
        i: s3_i/picked
      out: [o, done]
    s4_i:
      run: "#pick"
      in:
        files: {source: [s2/o], linkMerge: merge_flattened}
        at: s4_i_at
      out: [picked]
    s4:
      run: "#s4"
      scatter: [job, i_path, i]
      scatterMethod: dotproduct
      in:
        job: s4_job
        i_path: s4_i_path
        i: s4_i/picked
      out: [done]
    s5_i:
      run: "#pick_2"
      in:
        files: {source: [s3/o], linkMerge: merge_flattened}
        at: s5_i_at
      out: [picked]
    s5:
      run: "#s5"
      in:
        i: s5_i/picked
        after_s4: s4/done
      out: [o, done]
    s6:
      run: "#s6"
      scatter: [job, o_path]
      scatterMethod: dotproduct
      in:
        job: s6_job
        i_path: s6_i_path
        o_path: s6_o_path
        i: {source: [s6_i_files, s5/o], linkMerge: merge_flattened}
        after_s4: s4/done
      out: [o]
    s7_i:
      run: "#pick"
      in:
        files: {source: [s2/o, s6/o, s7_i_files], linkMerge: merge_flattened}
        at: s7_i_at
      out: [picked]
    s7:
      run: "#s7"
      scatter: [job, i_path, o_path, i]
      scatterMethod: dotproduct
      in:
        job: s7_job
        i_path: s7_i_path
        o_path: s7_o_path
        i: s7_i/picked
        after_s5: s5/done
      out: [o]
    placed:
      run: "#place"
      in:
        files: {source: [s1/o, s2/o, s3/o, s5/o, s6/o, s7/o], linkMerge: merge_flattened}
        paths: paths
      out: [tree]
  outputs:
    files: {type: {type: array, items: [File, Directory]}, outputSource: placed/tree}

# s1
# one job per a and b
- id: s1
  class: CommandLineTool
  label: s1
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File
    i_path: string
    o_path: string
    idx_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.i_path), $(inputs.i),
    out, o.txt, $(inputs.o_path),
    out, idx.idx, $(inputs.idx_path),
    "--",
    tool, $(inputs.i_path), $(inputs.o_path), $(inputs.idx_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.txt}}
    idx: {type: File, outputBinding: {glob: gathered/idx.idx}}

# s2
# one job per a and b
- id: s2
  class: CommandLineTool
  label: s2
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File
    i_path: string
    o_path: string[]
    i_path_2: string
    o_path_2: string
    text:
      type: string
      default: "split "
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.i_path), $(inputs.i),
    outs, o, $(inputs.o_path.length), $(inputs.o_path),
    "--",
    bash, -euo, pipefail, -c, "$(inputs.text)$(inputs.i_path_2) $(inputs.o_path_2)",
  ]
  outputs:
    o: {type: "File[]", outputBinding: {glob: "gathered/o/*"}}

# s3
# one job per a; gathers s2
- id: s3
  class: CommandLineTool
  label: s3
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
    o_path: string
    i_path_2: string
    o_path_2: string
    text:
      type: string
      default: "\ncat ${inputs_i[@]+\"${inputs_i[@]}\"} > \"${outputs_o}\"; echo \"x ${inputs_i[@]-} y\" ''\"${outputs_o}\"''"
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o.txt, $(inputs.o_path),
    protect, "1", $(inputs.o_path),
    "--",
    bash, -euo, pipefail, -c, "inputs_i=($(inputs.i_path_2))\noutputs_o=$(inputs.o_path_2)$(inputs.text)",
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.txt}}
    done: {type: string, outputBinding: {outputEval: $(inputs.job)}}

# s4
# one job per b; gathers s2
- id: s4
  class: CommandLineTool
  label: s4
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    "--",
    tool, $(inputs.i_path),
  ]
  outputs:
    done: {type: string, outputBinding: {outputEval: $(inputs.job)}}

# s5
# one job; gathers s3
- id: s5
  class: CommandLineTool
  label: s5
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: s5
    i: File
    after_s4: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", "out dir/X1/x1.txt", $(inputs.i),
    out, o, "out dir/s5/o",
    "--",
    tool, "out dir/X1/x1.txt", "out dir/s5/o",
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    done: {type: string, outputBinding: {outputEval: $(inputs.job)}}

# s6
# one job per b
- id: s6
  class: CommandLineTool
  label: s6
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
    o_path: string
    after_s4: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o, $(inputs.o_path),
    "--",
    tool, $(inputs.i_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}

# s7
# one job per b; gathers s2
- id: s7
  class: CommandLineTool
  label: s7
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
    o_path: string
    after_s5: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o, $(inputs.o_path),
    "--",
    tool, $(inputs.i_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}

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

# Hands every job its files: `at` holds their places in the list of all.
- id: pick_2
  class: ExpressionTool
  requirements:
  - {class: InlineJavascriptRequirement}
  inputs:
    files: {type: {type: array, items: [File, {type: array, items: File}]}}
    at: int
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
    picked: File

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
