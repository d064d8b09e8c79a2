# Pipeline variants: Variant calling from short reads
# Compiled by sncompile 0.1.0 from variants.yaml
# (sha256:61dfaf862e0c35bdc270dca6ca11bae3496204526dc45722322d22643a734814).
# Do not edit: change the spec and compile again.
# Run it with any CWL engine; results get their paths below the folder of `--outdir`:
#     cwltool --outdir out workflow.cwl job.json
#
# What the pipeline is for:
#     vcf: results/concatenate/variants.vcf.gz
#     plot: results/plot/figure.svg
#     summary: results/plot/summary.tsv

cwlVersion: v1.2
$graph:

- id: main
  class: Workflow
  label: "Variant calling from short reads"
  requirements:
  - {class: ScatterFeatureRequirement}
  - {class: MultipleInputFeatureRequirement}
  inputs:
    reference_chromosomes: string[]
    index_reference_bwa_path: string[]
    simulate_job: string[]
    simulate_reads_1_path: string[]
    simulate_reads_2_path: string[]
    simulate_mutations_path: string[]
    simulate_seed: string[]
    simulate_pairs: string[]
    simulate_mutation_rate: string[]
    align_job: string[]
    align_genome_index_path: string[]
    align_reads_1_path: string[]
    align_reads_2_path: string[]
    align_alignment_path: string[]
    align_sample: string[]
    index_bam_job: string[]
    index_bam_alignment_path: string[]
    index_bam_index_path: string[]
    call_job: string[]
    call_alignments_path: string[]
    call_alignment_indexes_path: string[]
    call_variants_path: string[]
    call_chromosome: string[]
    call_alignments_path_2: string
    concatenate_parts_path: string[]
    compare_job: string[]
    compare_mutations_path: string[]
    compare_comparison_path: string[]
    compare_sample: string[]
    plot_comparisons_path: string[]
    plot_samples: string[]
    paths: string[]
  steps:
    reference:
      run: "#reference"
      in:
        chromosomes: reference_chromosomes
      out: [genome]
    index_reference:
      run: "#index_reference"
      in:
        bwa_path: index_reference_bwa_path
        genome: reference/genome
      out: [bwa, fai]
    simulate:
      run: "#simulate"
      scatter: [job, reads_1_path, reads_2_path, mutations_path, seed, pairs, mutation_rate]
      scatterMethod: dotproduct
      in:
        job: simulate_job
        reads_1_path: simulate_reads_1_path
        reads_2_path: simulate_reads_2_path
        mutations_path: simulate_mutations_path
        seed: simulate_seed
        pairs: simulate_pairs
        mutation_rate: simulate_mutation_rate
        genome: reference/genome
      out: [reads_1, reads_2, mutations]
    align:
      run: "#align"
      scatter: [job, reads_1_path, reads_2_path, alignment_path, sample, reads_1, reads_2]
      scatterMethod: dotproduct
      in:
        job: align_job
        genome_index_path: align_genome_index_path
        reads_1_path: align_reads_1_path
        reads_2_path: align_reads_2_path
        alignment_path: align_alignment_path
        sample: align_sample
        genome: reference/genome
        genome_index: index_reference/bwa
        reads_1: simulate/reads_1
        reads_2: simulate/reads_2
      out: [alignment]
    index_bam:
      run: "#index_bam"
      scatter: [job, alignment_path, index_path, alignment]
      scatterMethod: dotproduct
      in:
        job: index_bam_job
        alignment_path: index_bam_alignment_path
        index_path: index_bam_index_path
        alignment: align/alignment
      out: [index]
    call:
      run: "#call"
      scatter: [job, variants_path, chromosome]
      scatterMethod: dotproduct
      in:
        job: call_job
        alignments_path: call_alignments_path
        alignment_indexes_path: call_alignment_indexes_path
        variants_path: call_variants_path
        chromosome: call_chromosome
        alignments_path_2: call_alignments_path_2
        genome: reference/genome
        genome_index: index_reference/fai
        alignments: align/alignment
        alignment_indexes: index_bam/index
      out: [variants]
    concatenate:
      run: "#concatenate"
      in:
        parts_path: concatenate_parts_path
        parts: call/variants
      out: [variants]
    compare:
      run: "#compare"
      scatter: [job, mutations_path, comparison_path, sample, mutations]
      scatterMethod: dotproduct
      in:
        job: compare_job
        mutations_path: compare_mutations_path
        comparison_path: compare_comparison_path
        sample: compare_sample
        variants: concatenate/variants
        mutations: simulate/mutations
      out: [comparison]
    plot:
      run: "#plot"
      in:
        comparisons_path: plot_comparisons_path
        samples: plot_samples
        comparisons: compare/comparison
        genome_index: index_reference/fai
      out: [figure, summary]
    placed:
      run: "#place"
      in:
        files: {source: [reference/genome, index_reference/bwa, index_reference/fai, simulate/mutations, align/alignment, index_bam/index, call/variants, concatenate/variants, compare/comparison, plot/figure, plot/summary], linkMerge: merge_flattened}
        paths: paths
      out: [tree]
  outputs:
    files: {type: {type: array, items: [File, Directory]}, outputSource: placed/tree}

# reference: Make a random genome
# one job
- id: reference
  class: CommandLineTool
  label: "Make a random genome"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 477}
  - {class: ToolTimeLimit, timelimit: 300}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: reference
    chromosomes: string[]
    reference_py: {type: File, default: {class: File, location: files/reference/reference.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", build/variants/files/reference/reference.py, $(inputs.reference_py),
    out, genome.fasta, results/reference/genome.fasta,
    "--",
    python, build/variants/files/reference/reference.py, --length, "25000", --seed, "1", --gc-content,
    "0.42", --out, results/reference/genome.fasta, $(inputs.chromosomes),
  ]
  outputs:
    genome: {type: File, outputBinding: {glob: gathered/genome.fasta}}

# index_reference: Index a genome
# one job
- id: index_reference
  class: CommandLineTool
  label: "Index a genome"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 954}
  - {class: ToolTimeLimit, timelimit: 600}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: index_reference
    genome: File
    bwa_path: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", results/reference/genome.fasta, $(inputs.genome),
    outs, bwa, $(inputs.bwa_path.length), $(inputs.bwa_path),
    out, fai.fasta.fai, results/reference/genome.fasta.fai,
    "--",
    bash, -euo, pipefail, -c,
    "bwa index results/reference/genome.fasta\nsamtools faidx results/reference/genome.fasta",
  ]
  outputs:
    bwa: {type: "File[]", outputBinding: {glob: "gathered/bwa/*"}}
    fai: {type: File, outputBinding: {glob: gathered/fai.fasta.fai}}

# simulate: Simulate paired reads
# one job per sample
- id: simulate
  class: CommandLineTool
  label: "Simulate paired reads"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 477}
  - {class: ToolTimeLimit, timelimit: 600}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    genome: File
    reads_1_path: string
    reads_2_path: string
    mutations_path: string
    seed: string
    pairs: string
    mutation_rate: string
    text:
      type: string
      default: "wgsim -S "
    text_2:
      type: string
      default: " -d 400 \\\n  -1 100 -2 100 -e 0.005 \\\n  -r "
    text_3:
      type: string
      default: " -R 0.15 \\\n  results/reference/genome.fasta "
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", results/reference/genome.fasta, $(inputs.genome),
    out, reads_1.fastq, $(inputs.reads_1_path),
    out, reads_2.fastq, $(inputs.reads_2_path),
    out, mutations.wgsim.tsv, $(inputs.mutations_path),
    "--",
    bash, -euo, pipefail, -c,
    "$(inputs.text)$(inputs.seed) -N $(inputs.pairs)$(inputs.text_2)$(inputs.mutation_rate)$(inputs.text_3)$(inputs.reads_1_path) $(inputs.reads_2_path) > $(inputs.mutations_path)",
  ]
  outputs:
    reads_1: {type: File, outputBinding: {glob: gathered/reads_1.fastq}}
    reads_2: {type: File, outputBinding: {glob: gathered/reads_2.fastq}}
    mutations: {type: File, outputBinding: {glob: gathered/mutations.wgsim.tsv}}

# align: Align reads and sort them
# one job per sample; to be tried again 2 times if it fails
- id: align
  class: CommandLineTool
  label: "Align reads and sort them"
  requirements:
  - {class: ResourceRequirement, coresMin: 2, ramMin: 1908}
  - {class: ToolTimeLimit, timelimit: 1800}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    genome: File
    genome_index: File[]
    reads_1: File
    reads_2: File
    genome_index_path: string[]
    reads_1_path: string
    reads_2_path: string
    alignment_path: string
    sample: string
    text:
      type: string
      default: "bwa mem -t 2 -K 10000000 \\\n  -R '@RG\\tID:'"
    text_2:
      type: string
      default: "'\\tSM:'"
    text_3:
      type: string
      default: "'\\tPL:ILLUMINA' \\\n  results/reference/genome.fasta "
    text_4:
      type: string
      default: " \\\n| sed '/^@PG\\t/d' \\\n| samtools sort --no-PG -@ 2 -m 256M -O bam -o "
    text_5:
      type: string
      default: " -"
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", results/reference/genome.fasta, $(inputs.genome),
    in, $(inputs.genome_index_path.length), $(inputs.genome_index_path), $(inputs.genome_index),
    in, "1", $(inputs.reads_1_path), $(inputs.reads_1),
    in, "1", $(inputs.reads_2_path), $(inputs.reads_2),
    out, alignment.bam, $(inputs.alignment_path),
    "--",
    bash, -euo, pipefail, -c,
    "$(inputs.text)$(inputs.sample)$(inputs.text_2)$(inputs.sample)$(inputs.text_3)$(inputs.reads_1_path) $(inputs.reads_2_path)$(inputs.text_4)$(inputs.alignment_path)$(inputs.text_5)",
  ]
  outputs:
    alignment: {type: File, outputBinding: {glob: gathered/alignment.bam}}

# index_bam: Index alignments
# one job per sample
- id: index_bam
  class: CommandLineTool
  label: "Index alignments"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 477}
  - {class: ToolTimeLimit, timelimit: 300}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    alignment: File
    alignment_path: string
    index_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.alignment_path), $(inputs.alignment),
    out, index.bam.bai, $(inputs.index_path),
    "--",
    samtools, index, $(inputs.alignment_path), $(inputs.index_path),
  ]
  outputs:
    index: {type: File, outputBinding: {glob: gathered/index.bam.bai}}

# call: Call variants of one chromosome
# one job per chromosome; gathers align, index_bam
- id: call
  class: CommandLineTool
  label: "Call variants of one chromosome"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 954}
  - {class: ToolTimeLimit, timelimit: 1800}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    genome: File
    genome_index: File
    alignments: File[]
    alignment_indexes: File[]
    alignments_path: string[]
    alignment_indexes_path: string[]
    variants_path: string
    chromosome: string
    alignments_path_2: string
    text:
      type: string
      default: "bcftools mpileup --no-version --regions "
    text_2:
      type: string
      default: " \\\n  --min-MQ 20 --fasta-ref results/reference/genome.fasta \\\n  --output-type u "
    text_3:
      type: string
      default: " \\\n| bcftools call --no-version --multiallelic-caller --variants-only --output-type u \\\n| bcftools view --no-version --include 'QUAL >= '20 \\\n  --output-type z --output "
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", results/reference/genome.fasta, $(inputs.genome),
    in, "1", results/reference/genome.fasta.fai, $(inputs.genome_index),
    in, $(inputs.alignments_path.length), $(inputs.alignments_path), $(inputs.alignments),
    in, $(inputs.alignment_indexes_path.length), $(inputs.alignment_indexes_path),
    $(inputs.alignment_indexes),
    out, variants.vcf.gz, $(inputs.variants_path),
    "--",
    bash, -euo, pipefail, -c,
    "$(inputs.text)$(inputs.chromosome)$(inputs.text_2)$(inputs.alignments_path_2)$(inputs.text_3)$(inputs.variants_path)",
  ]
  outputs:
    variants: {type: File, outputBinding: {glob: gathered/variants.vcf.gz}}

# concatenate: Join the chromosomes
# one job; gathers call
- id: concatenate
  class: CommandLineTool
  label: "Join the chromosomes"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 477}
  - {class: ToolTimeLimit, timelimit: 300}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: concatenate
    parts: File[]
    parts_path: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.parts_path.length), $(inputs.parts_path), $(inputs.parts),
    out, variants.vcf.gz, results/concatenate/variants.vcf.gz,
    "--",
    bcftools, concat, --no-version, --output-type, z, --output, results/concatenate/variants.vcf.gz,
    $(inputs.parts_path),
  ]
  outputs:
    variants: {type: File, outputBinding: {glob: gathered/variants.vcf.gz}}

# compare: Compare calls with what was planted
# one job per sample
- id: compare
  class: CommandLineTool
  label: "Compare calls with what was planted"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 477}
  - {class: ToolTimeLimit, timelimit: 300}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    variants: File
    mutations: File
    mutations_path: string
    comparison_path: string
    sample: string
    compare_py: {type: File, default: {class: File, location: files/compare/compare.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", results/concatenate/variants.vcf.gz, $(inputs.variants),
    in, "1", $(inputs.mutations_path), $(inputs.mutations),
    in, "1", build/variants/files/compare/compare.py, $(inputs.compare_py),
    out, comparison.tsv, $(inputs.comparison_path),
    "--",
    python, build/variants/files/compare/compare.py, --sample, $(inputs.sample), --slack, "10", --mutations,
    $(inputs.mutations_path), --variants, results/concatenate/variants.vcf.gz, --out,
    $(inputs.comparison_path),
  ]
  outputs:
    comparison: {type: File, outputBinding: {glob: gathered/comparison.tsv}}

# plot: Draw the variants of all samples
# one job; gathers compare
- id: plot
  class: CommandLineTool
  label: "Draw the variants of all samples"
  requirements:
  - {class: ResourceRequirement, coresMin: 1, ramMin: 477}
  - {class: ToolTimeLimit, timelimit: 300}
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: plot
    comparisons: File[]
    genome_index: File
    comparisons_path: string[]
    samples: string[]
    plot_py: {type: File, default: {class: File, location: files/plot/plot.py}}
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.comparisons_path.length), $(inputs.comparisons_path), $(inputs.comparisons),
    in, "1", results/reference/genome.fasta.fai, $(inputs.genome_index),
    in, "1", build/variants/files/plot/plot.py, $(inputs.plot_py),
    out, figure.svg, results/plot/figure.svg,
    out, summary.tsv, results/plot/summary.tsv,
    "--",
    python, build/variants/files/plot/plot.py, --title, "Called variants of 3 samples", $(inputs.samples),
    --genome-index, results/reference/genome.fasta.fai, --figure, results/plot/figure.svg, --summary,
    results/plot/summary.tsv, $(inputs.comparisons_path),
  ]
  outputs:
    figure: {type: File, outputBinding: {glob: gathered/figure.svg}}
    summary: {type: File, outputBinding: {glob: gathered/summary.tsv}}

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
