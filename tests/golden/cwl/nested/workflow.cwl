# Pipeline outer
# Compiled by sncompile 0.1.0 from spec.yaml
# (sha256:ad85fdc91c8b8b0a235a1d7df43971747fe901790a0268452f8cbac9c453fba3).
# Do not edit: change the spec and compile again.
# Run it with any CWL engine; results get their paths below the folder of `--outdir`:
#     cwltool --outdir out workflow.cwl job.json
#
# What the pipeline is for:
#     done.o: ws/done/o

cwlVersion: v1.2
$graph:

- id: main
  class: Workflow
  label: outer
  requirements:
  - {class: ScatterFeatureRequirement}
  - {class: MultipleInputFeatureRequirement}
  inputs:
    prep_job: string[]
    prep_o_path: string[]
    qc_count_job: string[]
    qc_count_s_path: string[]
    qc_count_all_path: {type: {type: array, items: {type: array, items: string}}}
    qc_count_o_path: string[]
    qc_count_channel: string[]
    qc_count_s_at: int[]
    qc_count_all_at: {type: {type: array, items: {type: array, items: int}}}
    qc_wellw_job: string[]
    qc_wellw_s_path: {type: {type: array, items: {type: array, items: string}}}
    qc_wellw_o_path: string[]
    qc_wellw_s_at: {type: {type: array, items: {type: array, items: int}}}
    qc_rep_job: string[]
    qc_rep_i_path: {type: {type: array, items: {type: array, items: string}}}
    qc_rep_w_path: {type: {type: array, items: {type: array, items: string}}}
    qc_rep_o_path: string[]
    qc_rep_i_at: {type: {type: array, items: {type: array, items: int}}}
    qc_rep_w_at: {type: {type: array, items: {type: array, items: int}}}
    prep2_job: string[]
    prep2_o_path: string[]
    done_a_path: string[]
    done_b_path: string[]
    paths: string[]
  steps:
    prep:
      run: "#prep"
      scatter: [job, o_path]
      scatterMethod: dotproduct
      in:
        job: prep_job
        o_path: prep_o_path
      out: [o]
    qc_count_s:
      run: "#pick"
      in:
        files: {source: [prep/o], linkMerge: merge_flattened}
        at: qc_count_s_at
      out: [picked]
    qc_count_all:
      run: "#pick_2"
      in:
        files: {source: [prep2/o], linkMerge: merge_flattened}
        at: qc_count_all_at
      out: [picked]
    qc_count:
      run: "#qc_count"
      scatter: [job, s_path, all_path, o_path, channel, s, all]
      scatterMethod: dotproduct
      in:
        job: qc_count_job
        s_path: qc_count_s_path
        all_path: qc_count_all_path
        o_path: qc_count_o_path
        channel: qc_count_channel
        s: qc_count_s/picked
        all: qc_count_all/picked
      out: [o, done]
    qc_wellw_s:
      run: "#pick_2"
      in:
        files: {source: [qc_count/o], linkMerge: merge_flattened}
        at: qc_wellw_s_at
      out: [picked]
    qc_wellw:
      run: "#qc_wellw"
      scatter: [job, s_path, o_path, s]
      scatterMethod: dotproduct
      in:
        job: qc_wellw_job
        s_path: qc_wellw_s_path
        o_path: qc_wellw_o_path
        s: qc_wellw_s/picked
      out: [o, done]
    qc_rep_i:
      run: "#pick_2"
      in:
        files: {source: [qc_count/o], linkMerge: merge_flattened}
        at: qc_rep_i_at
      out: [picked]
    qc_rep_w:
      run: "#pick_2"
      in:
        files: {source: [qc_wellw/o], linkMerge: merge_flattened}
        at: qc_rep_w_at
      out: [picked]
    qc_rep:
      run: "#qc_rep"
      scatter: [job, i_path, w_path, o_path, i, w]
      scatterMethod: dotproduct
      in:
        job: qc_rep_job
        i_path: qc_rep_i_path
        w_path: qc_rep_w_path
        o_path: qc_rep_o_path
        i: qc_rep_i/picked
        w: qc_rep_w/picked
      out: [o, done]
    prep2:
      run: "#prep2"
      scatter: [job, o_path]
      scatterMethod: dotproduct
      in:
        job: prep2_job
        o_path: prep2_o_path
      out: [o]
    done:
      run: "#done"
      in:
        a_path: done_a_path
        b_path: done_b_path
        a: qc_rep/o
        b: qc_count/o
        after_qc_wellw: qc_wellw/done
      out: [o]
    placed:
      run: "#place"
      in:
        files: {source: [prep/o, qc_count/o, qc_wellw/o, qc_rep/o, prep2/o, done/o], linkMerge: merge_flattened}
        paths: paths
      out: [tree]
  outputs:
    files: {type: {type: array, items: [File, Directory]}, outputSource: placed/tree}

# prep
# one job per plate
- id: prep
  class: CommandLineTool
  label: prep
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    out, o.x, $(inputs.o_path),
    "--",
    prep, $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.x}}

# qc.count
# one job per plate and channel; gathers prep2
- id: qc_count
  class: CommandLineTool
  label: qc.count
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    s: File
    all: File[]
    s_path: string
    all_path: string[]
    o_path: string
    channel: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.s_path), $(inputs.s),
    in, $(inputs.all_path.length), $(inputs.all_path), $(inputs.all),
    out, o.csv, $(inputs.o_path),
    "--",
    count, $(inputs.channel), "3", $(inputs.s_path), $(inputs.all_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.csv}}
    done: {type: string, outputBinding: {outputEval: $(inputs.job)}}

# qc.wellw
# one job per plate and well; gathers qc.count
- id: qc_wellw
  class: CommandLineTool
  label: qc.wellw
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    s: File[]
    s_path: string[]
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.s_path.length), $(inputs.s_path), $(inputs.s),
    out, o, $(inputs.o_path),
    "--",
    w, $(inputs.s_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    done: {type: string, outputBinding: {outputEval: $(inputs.job)}}

# qc.rep
# one job per plate; gathers qc.count, qc.wellw
- id: qc_rep
  class: CommandLineTool
  label: qc.rep
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    w: File[]
    i_path: string[]
    w_path: string[]
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    in, $(inputs.w_path.length), $(inputs.w_path), $(inputs.w),
    out, o, $(inputs.o_path),
    "--",
    rep, $(inputs.i_path), $(inputs.w_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    done: {type: string, outputBinding: {outputEval: $(inputs.job)}}

# prep2
# one job per plate and well
- id: prep2
  class: CommandLineTool
  label: prep2
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    out, o, $(inputs.o_path),
    "--",
    prep, $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}

# done
# one job; gathers qc.rep, qc.count
- id: done
  class: CommandLineTool
  label: done
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: done
    a: File[]
    b: File[]
    a_path: string[]
    b_path: string[]
    after_qc_wellw: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.a_path.length), $(inputs.a_path), $(inputs.a),
    in, $(inputs.b_path.length), $(inputs.b_path), $(inputs.b),
    out, o, ws/done/o,
    "--",
    fin, $(inputs.a_path), $(inputs.b_path), ws/done/o,
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
    at: int[]
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
    picked: File[]

# Hands every job its files: `at` holds their places in the list of all.
- id: pick_2
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
